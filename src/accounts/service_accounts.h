#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "base/random.h"
#include "base/result.h"
#include "base/secret.h"
#include "store/transaction.h"

namespace vestibule::accounts {

/// What a service account may do, each an explicit row in service_grants.
enum class Role {
  administrator,       ///< everything but impersonating accounts; may not be impersonated
  guest_manager,       ///< create guests; read, update, set credentials of and delete guests of its
                       ///< organization
  guest_impersonator,  ///< impersonate guests of its organization
  user_impersonator,   ///< impersonate accounts that are not administrators
};
std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);

/// The personal access token that a caller came with.
struct PresentedToken {
  std::int64_t id = 0;
  base::Time created_at;
  base::Time expires_at;
};

/// An authenticated privileged caller.
struct Caller {
  User user;
  std::vector<Role> roles;
  std::optional<PresentedToken> token = {};
  bool has(Role role) const;
};

void grant_role(store::Transaction& tx, base::UserId user, Role role);
void revoke_role(store::Transaction& tx, base::UserId user, Role role);
std::vector<Role> list_roles(store::Transaction& tx, base::UserId user);

struct PersonalToken {
  std::int64_t id = 0;
  base::Secret token;  ///< shown once; the store has its SHA-256
  base::Time created_at;
};
PersonalToken add_personal_token(store::Transaction& tx, base::UserId user, base::Time expires_at,
                                 std::int64_t token_id, base::Random& random, base::Time now);
/// The caller behind a personal access token: known, unexpired, its user active.
std::optional<Caller> authenticate_personal_token(store::Transaction& tx, std::string_view token,
                                                  base::Time now);
/// The caller behind a user that has been authenticated otherwise.
std::optional<Caller> load_caller(store::Transaction& tx, base::UserId user);

/// The public half of a service account's key for private_key_jwt and the JWT-profile grant.
void add_machine_key(store::Transaction& tx, std::string_view key_id, base::UserId user,
                     std::string_view public_jwk, base::Time expires_at, base::Time now);
struct MachineKey {
  base::UserId user;
  std::string public_jwk;
};
/// An unexpired key of an active service account.
std::optional<MachineKey> find_machine_key(store::Transaction& tx, std::string_view key_id,
                                           base::Time now);

}  // namespace vestibule::accounts
