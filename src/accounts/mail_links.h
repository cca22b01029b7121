#pragma once

#include <optional>
#include <string_view>

#include "accounts/emails.h"
#include "base/random.h"
#include "base/secret.h"

namespace vestibule::accounts {

/// Makes a link for the mailer; the token is in the mail only, the store has its SHA-256. The life
/// follows from the purpose.
base::Secret mint_link(store::Transaction& tx, LinkPurpose purpose, base::UserId user,
                       std::string_view address_key, const std::optional<base::SessionId>& session,
                       base::Random& random, base::Time now);

/// The user's address goes back to the one that it has proved, else to none.
void drop_unproved_address(store::Transaction& tx, User& user);

}  // namespace vestibule::accounts
