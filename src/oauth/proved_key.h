#pragma once

#include <optional>
#include <string>

#include "oauth/error.h"
#include "oauth/parameters.h"

namespace vestibule::oauth {

/// RFC 9449 section 10.1: an authorization request that is pushed with a proof counts as if it
/// named the proof's key in `dpop_jkt`. Error: invalid_request if it names another.
Result<Parameters> with_proved_key(Parameters parameters, const std::optional<std::string>& jkt);

}  // namespace vestibule::oauth
