#pragma once

#include "accounts/service_accounts.h"
#include "accounts/user.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/tokens.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// The installation's switch (ZITADEL's security policy). It is on until somebody turns it off.
enum class Impersonation { disabled, enabled };
Impersonation impersonation_policy(store::Transaction& tx);
void set_impersonation_policy(store::Transaction& tx, Impersonation policy);

/// Whether `actor` may have tokens that speak for `subject` now (invariant 8): the switch is on, it
/// has a grant for that kind of user, both are of one organization, and the subject is a guest
/// (guest_impersonator) or a person's account without any privilege (user_impersonator), is not
/// being merged and is active. Errors in ZITADEL's words, in its order.
Result<void> check_impersonation(store::Transaction& tx, const accounts::Caller& actor,
                                 const accounts::User& subject);

/// Whether the client may present this actor: it is bound to the client, or it is an administrator
/// of the client's organization. Both are of one organization.
Result<void> check_binding(const Client& client, const accounts::Caller& actor);

/// The same as check_impersonation for everybody in a chain of actors, at each exchange and refresh
/// that carries the chain on.
Result<void> check_chain(store::Transaction& tx, const Actor* chain, const accounts::User& subject);

}  // namespace vestibule::oauth
