#pragma once

#include <span>
#include <string_view>

#include "accounts/users.h"
#include "store/id_group.h"

namespace vestibule::accounts {

/// Users whose rows go together.
using UserGroup = store::IdGroup<base::UserId>;

/// delete_user_rows (accounts/users.h) for up to UserGroup::size users at once, a statement a
/// table. Their own rows may be gone already.
void delete_users(store::Transaction& tx, std::span<const User> users, std::string_view reason,
                  base::Time now);

}  // namespace vestibule::accounts
