#pragma once

#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"
#include "oauth/parameters.h"

namespace vestibule::oauth {

/// RFC 6749 section 4.4: a confidential client's own token. Its subject is the service account that
/// is bound to the client if there is exactly one, else the client id. `scope` may be left out;
/// `openid` and `offline_access` mean nothing here and are dropped. Reads only.
/// Errors: unauthorized_client for a public client or one without this grant, invalid_grant if the
/// service account is not active.
Result<Grant> grant_by_client(store::Transaction& tx, const GrantContext& context,
                              const AuthenticatedClient& client, const Scope& requested,
                              base::Time now);

}  // namespace vestibule::oauth
