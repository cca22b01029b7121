#pragma once

#include <optional>

#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"
#include "oauth/parameters.h"

namespace vestibule::oauth {

/// RFC 6749 section 6.
struct RefreshRequest {
  base::Secret refresh_token;
  std::optional<Scope> scope = {};         ///< none: all of the grant's
  std::vector<std::string> resource = {};  ///< RFC 8707; none: all of the grant's
};
/// Errors: invalid_request if the token is missing, invalid_target.
Result<RefreshRequest> parse_refresh_request(const Parameters& form);

/// Rotates the token and renews the access token (RFC 9700 section 4.14.2). A second use within 30
/// s gives the same successor; a later one ends the family. Everything that the grant stands on is
/// looked at again: client, session, user, its standing, an actor's permission, and the key that a
/// public client's token is bound to. `scope` and `resource` may only narrow. Errors:
/// invalid_grant, invalid_scope, invalid_target, unauthorized_client.
Settled<Grant> grant_by_refresh(store::Transaction& tx, const GrantContext& context,
                                const AuthenticatedClient& client, const RefreshRequest& request,
                                base::Time now);

}  // namespace vestibule::oauth
