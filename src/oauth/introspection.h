#pragma once

#include <string>
#include <string_view>

#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"

namespace vestibule::oauth {

/// RFC 7662 section 2.2: the JSON body about a token of any kind of ours, for a confidential
/// client.
/// `{"active":false}` for everything that is not live, not ours or not meant for this client: it
/// must be the token's client or among its audiences; a personal access token must be of the
/// client's organization; a refresh token must be the client's own. Reads session and user state.
/// Error: unauthorized_client for a public client.
Result<std::string> introspect(store::Transaction& tx, const GrantContext& context,
                               const AuthenticatedClient& client, std::string_view token,
                               base::Time now);

}  // namespace vestibule::oauth
