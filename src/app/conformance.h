#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "app/core.h"
#include "base/result.h"

namespace vestibule::app {

/// Where the OpenID Foundation's conformance suite runs, and the alias of its test plans: together
/// they make its redirect and logout URIs (`URL/test/a/ALIAS/callback`).
struct ConformanceOptions {
  std::string suite_url = "https://localhost.emobix.co.uk:8443";
  std::string alias = "vestibule";
};

/// What `vestibule bootstrap --conformance` adds: a user that has every standard claim, and the
/// clients that the suite's plans need. Made once; again, the ids without secrets, with the
/// clients' URIs brought in step with the options. The object is documented in
/// docs/reference/conformance.md. Makes keys, so it is slow; not inside a unit of work. Error: as
/// keys::KeyRing::provide.
base::Result<boost::json::object> ensure_conformance(Core& core, const ConformanceOptions& options);

}  // namespace vestibule::app
