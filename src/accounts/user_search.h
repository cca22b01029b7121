#pragma once

#include <vector>

#include "accounts/user.h"
#include "store/transaction.h"

namespace vestibule::accounts {

/// The next `limit` users by id behind `after`: for walking all of them piece by piece, in a
/// snapshot on a worker.
std::vector<User> list_users(store::Transaction& tx, base::UserId after, int limit);

}  // namespace vestibule::accounts
