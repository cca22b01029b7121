#pragma once

#include "oauth/client_authentication.h"
#include "oauth/grants/exchange_request.h"
#include "oauth/grants/grant.h"

namespace vestibule::oauth {

/// RFC 8693. Without an actor token the new token speaks for the subject as the old one did, chain
/// of actors included. With one it carries `act`, the new actor first, and each actor in the chain
/// is judged again (impersonation.h). Scope, audience and resource: exchange_limits.h. The new
/// token outlives neither token and dies with the grant that the subject token came from. A public
/// client needs an actor token of somebody else. Writes activity and the audit line, in the
/// transaction that its caller must commit before it signs. Errors: invalid_request (for a
/// `user_id` with 403 and 404 as ZITADEL answers), invalid_scope, invalid_target,
/// unauthorized_client.
Result<Grant> grant_by_exchange(store::Transaction& tx, const GrantContext& context,
                                const AuthenticatedClient& client, const ExchangeRequest& request,
                                base::Time now);

}  // namespace vestibule::oauth
