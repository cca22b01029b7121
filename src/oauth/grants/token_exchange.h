#pragma once

#include "oauth/client_authentication.h"
#include "oauth/grants/exchange_request.h"
#include "oauth/grants/grant.h"

namespace vestibule::oauth {

/// RFC 8693. Without an actor token the new token speaks for the subject as the old one did, chain
/// of actors included, and lives no longer. With one it carries `act`, the new actor first, and
/// each actor in the chain is judged again (impersonation.h). Scope is what client, subject token
/// and actor token all allow; audience and resource are what the client may name. A public client
/// needs an actor token. Writes activity and the audit line, in the transaction that its caller
/// must commit before it signs.
/// Errors: invalid_request (with 403 and 404 as ZITADEL answers), invalid_scope, invalid_target,
/// unauthorized_client.
Result<Grant> grant_by_exchange(store::Transaction& tx, const GrantContext& context,
                                const AuthenticatedClient& client, const ExchangeRequest& request,
                                base::Time now);

}  // namespace vestibule::oauth
