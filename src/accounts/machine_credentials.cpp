#include "accounts/machine_credentials.h"

#include "base/crypto.h"
#include "base/encoding.h"

namespace vestibule::accounts {
namespace {

constexpr store::Statement select_tokens{
    "personal_tokens.list",
    "select t.token_id, t.user_id, u.organization_id, t.created_at, t.expires_at "
    "from personal_tokens t join users u on u.id = t.user_id order by t.created_at, t.token_id"};
constexpr store::Statement select_keys{
    "machine_keys.list",
    "select k.id, k.user_id, u.organization_id, k.created_at, k.expires_at "
    "from machine_keys k join users u on u.id = k.user_id order by k.created_at, k.id"};
constexpr store::Statement delete_token{
    "personal_tokens.delete", "delete from personal_tokens where user_id = $1 and token_id = $2"};
constexpr store::Statement delete_key{"machine_keys.delete",
                                      "delete from machine_keys where user_id = $1 and id = $2"};

// Kind 2 of credentials: a machine's secret. Kind 1 is a person's password (passwords.cpp).
constexpr store::Statement upsert_secret{
    "credentials.set_machine_secret",
    "insert into credentials (user_id, kind, name, data, created_at, changed_at) "
    "values ($1, 2, '', $2, $3, $3) on conflict (user_id, kind, name) do update set "
    "data = excluded.data, changed_at = excluded.changed_at"};
constexpr store::Statement select_secret{
    "credentials.find_machine_secret",
    "select data from credentials where user_id = $1 and kind = 2 and name = ''"};
constexpr store::Statement delete_secret{
    "credentials.delete_machine_secret",
    "delete from credentials where user_id = $1 and kind = 2 and name = ''"};

constexpr store::Statement upsert_description{
    "machine_descriptions.set",
    "insert into machine_descriptions (user_id, description) values ($1, $2) "
    "on conflict (user_id) do update set description = excluded.description"};
constexpr store::Statement delete_description{
    "machine_descriptions.delete", "delete from machine_descriptions where user_id = $1"};
constexpr store::Statement select_description{
    "machine_descriptions.find", "select description from machine_descriptions where user_id = $1"};

MachineCredential read_row(const store::Rows& rows, std::string id) {
  return {.id = std::move(id),
          .user = rows.id<base::UserId>(1),
          .organization = rows.id<base::OrganizationId>(2),
          .created_at = rows.time(3),
          .expires_at = rows.time(4)};
}

}  // namespace

std::vector<MachineCredential> list_personal_tokens(store::Transaction& tx) {
  std::vector<MachineCredential> all;
  auto rows = tx.query(select_tokens);
  while (rows.next()) all.push_back(read_row(rows, base::to_decimal(rows.integer(0))));
  return all;
}

std::vector<MachineCredential> list_machine_keys(store::Transaction& tx) {
  std::vector<MachineCredential> all;
  auto rows = tx.query(select_keys);
  while (rows.next()) all.push_back(read_row(rows, std::string(rows.text(0))));
  return all;
}

bool delete_personal_token(store::Transaction& tx, base::UserId user, std::int64_t token_id) {
  return tx.execute(delete_token, user, token_id) > 0;
}

bool delete_machine_key(store::Transaction& tx, base::UserId user, std::string_view key_id) {
  return tx.execute(delete_key, user, key_id) > 0;
}

base::Secret set_machine_secret(store::Transaction& tx, base::UserId user, base::Random& random,
                                base::Time now) {
  base::Secret secret(base::random_token(random));
  tx.execute(upsert_secret, user, base::to_hex(base::sha256(secret.reveal())), now);
  return secret;
}

bool delete_machine_secret(store::Transaction& tx, base::UserId user) {
  return tx.execute(delete_secret, user) > 0;
}

bool has_machine_secret(store::Transaction& tx, base::UserId user) {
  return tx.query(select_secret, user).next();
}

bool verify_machine_secret(store::Transaction& tx, base::UserId user, const base::Secret& secret) {
  auto rows = tx.query(select_secret, user);
  return rows.next() &&
         base::equal_in_constant_time(base::to_hex(base::sha256(secret.reveal())), rows.text(0));
}

void set_machine_description(store::Transaction& tx, base::UserId user,
                             std::string_view description) {
  if (description.empty()) {
    tx.execute(delete_description, user);
  } else {
    tx.execute(upsert_description, user, description);
  }
}

std::string find_machine_description(store::Transaction& tx, base::UserId user) {
  auto rows = tx.query(select_description, user);
  return rows.next() ? std::string(rows.text(0)) : std::string();
}

}  // namespace vestibule::accounts
