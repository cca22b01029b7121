#pragma once

#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"
#include "oauth/parameters.h"

namespace vestibule::oauth {

inline constexpr std::string_view grant_device_code =
    "urn:ietf:params:oauth:grant-type:device_code";

/// RFC 8628 section 3.4.
struct DeviceCodeRequest {
  base::Secret device_code;
};
/// Errors: invalid_request if the code is missing.
Result<DeviceCodeRequest> parse_device_code_request(const Parameters& form);

/// Answers a device that polls (RFC 8628 section 3.5). The tokens are bound to no browser session:
/// a sign-out in the browser that approved leaves the device signed in, as the person expects of a
/// television; a change of standing ends it like everything else. Each poll is noted, so a refusal
/// has to be kept. Errors: authorization_pending, slow_down (the interval is 5 s longer from then
/// on), access_denied, expired_token, invalid_grant, unauthorized_client.
Settled<Grant> grant_by_device_code(store::Transaction& tx, const GrantContext& context,
                                    const AuthenticatedClient& client,
                                    const DeviceCodeRequest& request, base::Time now);

}  // namespace vestibule::oauth
