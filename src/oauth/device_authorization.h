#pragma once

#include <string>

#include "base/secret.h"
#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"
#include "oauth/user_code.h"

namespace vestibule::oauth {

/// How long a person has to type the code.
inline constexpr base::Seconds device_code_lifetime{600};
inline constexpr base::Seconds device_poll_interval{5};

/// RFC 8628 section 3.2.
struct DeviceAuthorization {
  base::Secret device_code;
  std::string user_code;
  base::Seconds expires_in = device_code_lifetime;
  base::Seconds interval = device_poll_interval;
};

/// Begins the sign-in of a device (RFC 8628 section 3.1). Errors: unauthorized_client for a client
/// that is not registered for the grant, invalid_request without scope, invalid_scope.
Result<DeviceAuthorization> begin_device_authorization(store::Transaction& tx,
                                                       const GrantContext& context,
                                                       const AuthenticatedClient& client,
                                                       const Scope& requested, base::Time now);

}  // namespace vestibule::oauth
