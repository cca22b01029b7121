#pragma once

#include <string_view>

#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"

namespace vestibule::oauth {

/// RFC 7009 section 2: ends a token of the client's own. A refresh token ends with its whole grant,
/// access tokens included. A token that is unknown, expired or malformed is no error. Error:
/// unauthorized_client for a token of another client.
Result<void> revoke(store::Transaction& tx, const GrantContext& context,
                    const AuthenticatedClient& client, std::string_view token, base::Time now);

}  // namespace vestibule::oauth
