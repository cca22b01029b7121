#pragma once

#include <boost/json/fwd.hpp>

#include "accounts/profile.h"
#include "accounts/user.h"
#include "base/result.h"
#include "store/transaction.h"

namespace vestibule::accounts {

/// Applies an operator's document of standard claims (OpenID Connect Core section 5.1), such as
/// `{"given_name":"Ada","address":{"country":"UK"}}`, to a user and its profile; null removes a
/// claim, what is absent stays. An address is replaced whole. `email` with `email_verified` true is
/// an assertion, else unproved. Nothing is changed if anything is refused.
///
/// The caller writes both: the user with insert_user or update_user, the profile with set_profile.
/// Errors: invalid `claim_unknown` (also for `sub` and `updated_at`, which are the server's) or
/// `claim_malformed`, with the claim's name as the field.
base::Result<void> apply_standard_claims(store::Transaction& tx, User& user, Profile& profile,
                                         const boost::json::object& document, base::Time now);

}  // namespace vestibule::accounts
