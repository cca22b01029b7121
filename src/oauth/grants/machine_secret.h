#pragma once

#include "base/clock.h"
#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"
#include "oauth/scope.h"

namespace vestibule::oauth {

/// The client_credentials grant (RFC 6749 section 4.4) of ZITADEL's service accounts that have a
/// secret: `client_id` is the account's user name or id. For those who name no registered client,
/// whose own grant this is not. Reads only. Error: invalid_client, which does not say why; 401 if
/// Basic was tried.
Result<Grant> grant_by_machine_secret(store::Transaction& tx, const GrantContext& context,
                                      const ParsedCredentials& credentials, const Scope& requested,
                                      base::Time now);

}  // namespace vestibule::oauth
