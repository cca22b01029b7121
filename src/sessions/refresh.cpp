#include "sessions/refresh.h"

#include <utility>

#include "base/crypto.h"
#include "base/encoding.h"

namespace vestibule::sessions {
namespace {

constexpr std::size_t id_size = 16;
constexpr std::size_t generation_size = 4;
constexpr std::size_t mac_size = 32;

const store::Statement insert_one{
    "refresh_families.insert",
    "insert into refresh_families (id, client_id, user_id, session_id, scope, audience, "
    "generation, rotated_at, auth_time, amr, actor_id, created_at, expires_at, details) "
    "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"};

const store::Statement select_one{
    "refresh_families.find",
    "select id, client_id, user_id, session_id, scope, audience, generation, rotated_at, "
    "auth_time, amr, actor_id, created_at, expires_at, details "
    "from refresh_families where id = $1 and expires_at > $2"};

const store::Statement rotate_one{
    "refresh_families.rotate",
    "update refresh_families set generation = generation + 1, rotated_at = $3 "
    "where id = $1 and generation = $2 and expires_at > $3 "
    "returning id, client_id, user_id, session_id, scope, audience, generation, rotated_at, "
    "auth_time, amr, actor_id, created_at, expires_at, details"};

const store::Statement delete_one{"refresh_families.revoke",
                                  "delete from refresh_families where id = $1"};
const store::Statement delete_of_user{"refresh_families.erase_user",
                                      "delete from refresh_families where user_id = $1"};
const store::Statement delete_of_session{
    "refresh_families.erase_session",
    "delete from refresh_families where user_id = $1 and session_id = $2"};
const store::Statement delete_of_client{
    "refresh_families.erase_user_client",
    "delete from refresh_families where user_id = $1 and client_id = $2"};
const store::Statement delete_expired{
    "refresh_families.delete_expired",
    "delete from refresh_families where id in (select id from refresh_families "
    "where expires_at <= $1 order by expires_at limit $2)"};

std::optional<RefreshFamily> read_family(store::Rows rows) {
  if (!rows.next()) return std::nullopt;
  RefreshFamily family{.id = rows.uuid(0),
                       .client = rows.id<base::ClientId>(1),
                       .user = rows.id<base::UserId>(2),
                       .session = std::nullopt,
                       .scope = std::string(rows.text(4)),
                       .audience = std::string(rows.text(5)),
                       .generation = static_cast<std::uint32_t>(rows.integer(6)),
                       .rotated_at = rows.time(7),
                       .auth_time = rows.optional_time(8),
                       .amr = std::string(rows.text(9)),
                       .actor = rows.optional_id<base::UserId>(10),
                       .created_at = rows.time(11),
                       .expires_at = rows.time(12),
                       .details = std::string(rows.text(13))};
  if (!rows.is_null(3)) family.session = rows.session_id(3);
  return family;
}

std::string handle_bytes(const base::Uuid& family, std::uint32_t generation) {
  std::string bytes{family.view()};
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    bytes.push_back(static_cast<char>((generation >> (shift - 8)) & 0xffU));
  }
  return bytes;
}

}  // namespace

base::Secret refresh_token_text(const base::Secret& key, const base::Uuid& family,
                                std::uint32_t generation) {
  std::string bytes = handle_bytes(family, generation);
  bytes += base::hmac_sha256(key, bytes);
  return base::Secret(base::to_base64url(bytes));
}

std::optional<RefreshHandle> parse_refresh_token(const base::Secret& key, std::string_view text) {
  const auto bytes = base::from_base64url(text);
  if (!bytes || bytes->size() != id_size + generation_size + mac_size) return std::nullopt;
  const std::string_view all = *bytes;
  const auto handle = all.substr(0, id_size + generation_size);
  const auto mac = all.substr(id_size + generation_size);
  if (!base::equal_in_constant_time(mac, base::hmac_sha256(key, handle))) return std::nullopt;
  std::uint32_t generation = 0;
  for (const char byte : handle.substr(id_size)) {
    generation = (generation << 8U) | static_cast<unsigned char>(byte);
  }
  return RefreshHandle{*base::Uuid::from_bytes(handle.substr(0, id_size)), generation};
}

void insert_family(store::Transaction& tx, const RefreshFamily& family) {
  tx.execute(insert_one, family.id, family.client, family.user, family.session, family.scope,
             family.audience, family.generation, family.rotated_at, family.auth_time, family.amr,
             family.actor, family.created_at, family.expires_at, family.details);
}

std::optional<RefreshFamily> find_family(store::Transaction& tx, const base::Uuid& id,
                                         base::Time now) {
  return read_family(tx.query(select_one, id, now));
}

FamilyRotation rotate_family(store::Transaction& tx, const RefreshHandle& handle, base::Time now) {
  if (auto family = read_family(tx.query(rotate_one, handle.family, handle.generation, now))) {
    return {Rotation::rotated, std::move(family)};
  }
  auto family = find_family(tx, handle.family, now);
  if (!family) return {};
  const Rotation outcome =
      judge_replaced(handle.generation, family->generation, family->rotated_at, now);
  switch (outcome) {
    case Rotation::successor:
      return {outcome, std::move(family)};
    case Rotation::reused:
      revoke_family(tx, handle.family);
      return {outcome, std::move(family)};
    case Rotation::rotated:
    case Rotation::unknown:
      break;
  }
  return {};
}

void revoke_family(store::Transaction& tx, const base::Uuid& id) {
  tx.execute(delete_one, id);
}

void erase_families(store::Transaction& tx, base::UserId user) {
  tx.execute(delete_of_user, user);
}

void erase_families(store::Transaction& tx, base::UserId user, base::ClientId client) {
  tx.execute(delete_of_client, user, client);
}

void erase_families(store::Transaction& tx, base::UserId user, const base::SessionId& session) {
  tx.execute(delete_of_session, user, session);
}

std::int64_t delete_expired_families(store::Transaction& tx, base::Time now, int limit) {
  return tx.execute(delete_expired, now, limit);
}

}  // namespace vestibule::sessions
