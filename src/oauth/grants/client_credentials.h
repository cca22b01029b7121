#pragma once

#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"
#include "oauth/parameters.h"

namespace vestibule::oauth {

struct ClientCredentialsRequest {
  Scope scope = {};
  std::vector<std::string> resource = {};  ///< RFC 8707
};
/// Error: invalid_target for a malformed resource.
Result<ClientCredentialsRequest> parse_client_credentials_request(const Parameters& form);

/// RFC 6749 section 4.4: a confidential client's own token. Its subject is the service account that
/// is bound to the client if there is exactly one, else the client id. `scope` may be left out;
/// `openid` and `offline_access` mean nothing here and are dropped. Reads only.
/// Errors: unauthorized_client for a public client or one without this grant, invalid_grant if the
/// service account is not active, invalid_target.
Result<Grant> grant_by_client(store::Transaction& tx, const GrantContext& context,
                              const AuthenticatedClient& client,
                              const ClientCredentialsRequest& request, base::Time now);

}  // namespace vestibule::oauth
