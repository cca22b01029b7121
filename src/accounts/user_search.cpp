#include "accounts/user_search.h"

#include "accounts/users.h"
#include "accounts/users_sql.h"

namespace vestibule::accounts {
namespace {

const store::Statement select_page{"users.list", "select " VESTIBULE_USER_COLUMNS
                                                 " from users where id > $1 order by id limit $2"};

}  // namespace

std::vector<User> list_users(store::Transaction& tx, base::UserId after, int limit) {
  std::vector<User> users;
  auto rows = tx.query(select_page, after, limit);
  while (rows.next()) users.push_back(read_user(rows));
  return users;
}

}  // namespace vestibule::accounts
