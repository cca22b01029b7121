#include "accounts/directory.h"

#include <utility>

#include "accounts/users_sql.h"
#include "base/text.h"

namespace vestibule::accounts {
namespace {

const store::Statement insert_name{
    "directory.claim",
    "insert into directory (kind, name, user_id) values ($1, $2, $3) "
    "on conflict (kind, name) do nothing"};
const store::Statement select_name{"directory.find",
                                   "select user_id from directory where kind = $1 and name = $2"};
const store::Statement delete_name{
    "directory.release", "delete from directory where kind = $1 and name = $2 and user_id = $3"};

base::Error taken(NameKind kind) {
  switch (kind) {
    case NameKind::username:
      return {
          base::ErrorKind::already_exists, "username_taken", "User already exists", "username", {}};
    case NameKind::proved_email:
      return {base::ErrorKind::already_exists,
              "email_taken",
              "Another account has proved this address.",
              "email",
              {}};
    case NameKind::chosen_id:
      break;
  }
  return {base::ErrorKind::already_exists, "id_taken", "User already exists", "userId", {}};
}

std::optional<base::UserId> find_key(store::Transaction& tx, NameKind kind, std::string_view key) {
  auto rows = tx.query(select_name, std::to_underlying(kind), key);
  return rows.next() ? std::optional(rows.id<base::UserId>(0)) : std::nullopt;
}

/// An assertion takes no row: it counts only while exactly one user has it.
std::optional<base::UserId> find_only_asserting(store::Transaction& tx, std::string_view key) {
  auto rows = tx.query(sql::select_asserted, key);
  if (!rows.next()) return std::nullopt;
  const auto user = rows.id<base::UserId>(0);
  return rows.next() ? std::nullopt : std::optional(user);
}

}  // namespace

std::string name_key(NameKind kind, std::string_view name) {
  if (kind == NameKind::chosen_id) return std::string(name);
  return base::to_lower_ascii(base::trim(name));
}

base::Result<void> claim_name(store::Transaction& tx, NameKind kind, std::string_view name,
                              base::UserId user) {
  const std::string key = name_key(kind, name);
  if (tx.execute(insert_name, std::to_underlying(kind), key, user) == 1) return {};
  if (find_key(tx, kind, key) == user) return {};
  return std::unexpected(taken(kind));
}

void release_name(store::Transaction& tx, NameKind kind, std::string_view name, base::UserId user) {
  tx.execute(delete_name, std::to_underlying(kind), name_key(kind, name), user);
}

std::optional<base::UserId> find_name(store::Transaction& tx, NameKind kind,
                                      std::string_view name) {
  return find_key(tx, kind, name_key(kind, name));
}

std::optional<base::UserId> find_sign_in_name(store::Transaction& tx, std::string_view name) {
  const std::string key = name_key(NameKind::username, name);
  // All are asked whatever the others say, so that the time does not tell who there is.
  const auto owner = find_key(tx, NameKind::proved_email, key);
  const auto named = find_key(tx, NameKind::username, key);
  const auto asserting = find_only_asserting(tx, key);
  return owner ? owner : named ? named : asserting;
}

}  // namespace vestibule::accounts
