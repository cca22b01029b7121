#include "accounts/service_accounts.h"

#include <algorithm>
#include <array>
#include <utility>

#include "accounts/users.h"
#include "base/crypto.h"

namespace vestibule::accounts {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 4> role_names{{
    {Role::administrator, "administrator"},
    {Role::guest_manager, "guest_manager"},
    {Role::guest_impersonator, "guest_impersonator"},
    {Role::user_impersonator, "user_impersonator"},
}};

const store::Statement insert_grant{"service_grants.insert",
                                    "insert into service_grants (user_id, role) values ($1, $2) "
                                    "on conflict (user_id, role) do nothing"};
const store::Statement delete_grant{"service_grants.delete",
                                    "delete from service_grants where user_id = $1 and role = $2"};
const store::Statement select_grants{
    "service_grants.list", "select role from service_grants where user_id = $1 order by role"};

const store::Statement insert_token{
    "personal_tokens.insert",
    "insert into personal_tokens (token_hash, token_id, user_id, created_at, expires_at) "
    "values ($1, $2, $3, $4, $5)"};
// Looked up by SHA-256: how far a comparison got tells nothing about the token.
const store::Statement select_token{
    "personal_tokens.find",
    "select user_id, token_id, created_at, expires_at from personal_tokens "
    "where token_hash = $1 and expires_at > $2"};

const store::Statement insert_key{
    "machine_keys.insert",
    "insert into machine_keys (id, user_id, public_jwk, created_at, expires_at) "
    "values ($1, $2, $3, $4, $5)"};
const store::Statement select_key{
    "machine_keys.find",
    "select user_id, public_jwk from machine_keys where id = $1 and expires_at > $2"};

}  // namespace

std::string_view to_string(Role role) {
  return std::ranges::find(role_names, role, &std::pair<Role, std::string_view>::first)->second;
}

std::optional<Role> parse_role(std::string_view text) {
  const auto* const found =
      std::ranges::find(role_names, text, &std::pair<Role, std::string_view>::second);
  return found == role_names.end() ? std::nullopt : std::optional(found->first);
}

bool Caller::has(Role role) const {
  return std::ranges::find(roles, role) != roles.end();
}

void grant_role(store::Transaction& tx, base::UserId user, Role role) {
  tx.execute(insert_grant, user, to_string(role));
}

void revoke_role(store::Transaction& tx, base::UserId user, Role role) {
  tx.execute(delete_grant, user, to_string(role));
}

std::vector<Role> list_roles(store::Transaction& tx, base::UserId user) {
  std::vector<Role> roles;
  auto rows = tx.query(select_grants, user);
  while (rows.next()) {
    if (const auto role = parse_role(rows.text(0))) roles.push_back(*role);
  }
  return roles;
}

PersonalToken add_personal_token(store::Transaction& tx, base::UserId user, base::Time expires_at,
                                 std::int64_t token_id, base::Random& random, base::Time now) {
  base::Secret token(base::random_token(random));
  const std::string hash = base::sha256(token.reveal());
  tx.execute(insert_token, store::Blob{hash}, token_id, user, now, expires_at);
  return {.id = token_id, .token = std::move(token), .created_at = now};
}

std::optional<Caller> authenticate_personal_token(store::Transaction& tx, std::string_view token,
                                                  base::Time now) {
  const std::string hash = base::sha256(token);
  std::optional<std::pair<base::UserId, PresentedToken>> found;
  if (auto rows = tx.query(select_token, store::Blob{hash}, now); rows.next()) {
    found.emplace(rows.id<base::UserId>(0),
                  PresentedToken{rows.integer(1), rows.time(2), rows.time(3)});
  }
  if (!found) return std::nullopt;
  auto caller = load_caller(tx, found->first);
  if (caller) caller->token = found->second;
  return caller;
}

std::optional<Caller> load_caller(store::Transaction& tx, base::UserId user) {
  auto found = find_user(tx, user);
  if (!found || found->state != UserState::active) return std::nullopt;
  return Caller{.user = std::move(*found), .roles = list_roles(tx, user)};
}

void add_machine_key(store::Transaction& tx, std::string_view key_id, base::UserId user,
                     std::string_view public_jwk, base::Time expires_at, base::Time now) {
  tx.execute(insert_key, key_id, user, public_jwk, now, expires_at);
}

std::optional<MachineKey> find_machine_key(store::Transaction& tx, std::string_view key_id,
                                           base::Time now) {
  std::optional<MachineKey> key;
  if (auto rows = tx.query(select_key, key_id, now); rows.next()) {
    key = MachineKey{.user = rows.id<base::UserId>(0), .public_jwk = std::string(rows.text(1))};
  }
  if (!key || !load_caller(tx, key->user)) return std::nullopt;
  return key;
}

}  // namespace vestibule::accounts
