#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/secret.h"
#include "sessions/sessions.h"
#include "store/transaction.h"

namespace vestibule::sessions {

/// A family of refresh tokens from one grant (RFC 9700 section 4.14.2: rotation with detection).
struct RefreshFamily {
  base::Uuid id;
  base::ClientId client;
  base::UserId user;
  std::optional<base::SessionId> session = {};  ///< the provider session; its end ends the family
  std::string scope;
  std::string audience = {};
  std::uint32_t generation = 1;
  base::Time rotated_at;
  std::optional<base::Time> auth_time = {};
  std::string amr = {};
  std::optional<base::UserId> actor = {};
  base::Time created_at;
  base::Time expires_at;
  std::string details = {};  ///< the owner's own document, kept as it is
};

/// The token's text: base64url of id ‖ generation ‖ HMAC under `key`; nothing secret is stored.
base::Secret refresh_token_text(const base::Secret& key, const base::Uuid& family,
                                std::uint32_t generation);
struct RefreshHandle {
  base::Uuid family;
  std::uint32_t generation = 0;
};
std::optional<RefreshHandle> parse_refresh_token(const base::Secret& key, std::string_view text);

void insert_family(store::Transaction& tx, const RefreshFamily& family);
std::optional<RefreshFamily> find_family(store::Transaction& tx, const base::Uuid& id,
                                         base::Time now);
struct FamilyRotation {
  Rotation outcome = Rotation::unknown;
  std::optional<RefreshFamily> family;
};
/// Single use, as Sessions::rotate; a reuse revokes the family.
FamilyRotation rotate_family(store::Transaction& tx, const RefreshHandle& handle, base::Time now);
void revoke_family(store::Transaction& tx, const base::Uuid& id);

/// Forgets the user's families, or only those of one of its sessions or of one client.
void erase_families(store::Transaction& tx, base::UserId user);
void erase_families(store::Transaction& tx, base::UserId user, base::ClientId client);
void erase_families(store::Transaction& tx, base::UserId user, const base::SessionId& session);
/// Deletes at most `limit` expired families; returns how many.
std::int64_t delete_expired_families(store::Transaction& tx, base::Time now, int limit);

}  // namespace vestibule::sessions
