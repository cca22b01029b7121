#pragma once

#include <functional>
#include <optional>
#include <string>

#include "accounts/users.h"
#include "async/pool.h"
#include "http/limiter.h"
#include "http/router.h"
#include "oauth/registration.h"
#include "provider/context.h"

namespace vestibule::provider {

/// What Dynamic Client Registration works with beside the provider's context.
struct RegistrationContext {
  oauth::RegistrationPolicy policy;
  http::Rate rate;  ///< registrations of one client address
  accounts::UserIds& ids;
  keys::KeyRing& keys;  ///< gets what is missing for a client's algorithms
  /// Fetches a document for sector_identifier_uri; nullopt if there is none to be had. Blocks.
  std::function<std::optional<std::string>(const std::string& url)> fetch;
  async::CpuPool& callers;  ///< for calls that wait for others' servers
};

/// OpenID Connect Registration 1.0, RFC 7591 and RFC 7592 at /oauth/v2/register and
/// /oauth/v2/register/{client_id}. Adds nothing if the policy's mode is off. Both contexts outlive
/// the router.
void add_registration_endpoints(http::Router& router, ProviderContext& context,
                                RegistrationContext& registration);

}  // namespace vestibule::provider
