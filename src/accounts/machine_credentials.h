#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/secret.h"
#include "store/transaction.h"

// What a service account shows itself with, to be listed and taken away again: personal access
// tokens and keys (service_accounts.h makes and checks them), and a client secret; and what it is
// for, in words.
namespace vestibule::accounts {

/// A token or a key without what it is secret by.
struct MachineCredential {
  std::string id;
  base::UserId user;
  base::OrganizationId organization;
  base::Time created_at;
  base::Time expires_at;
};
/// Everybody's, by age.
std::vector<MachineCredential> list_personal_tokens(store::Transaction& tx);
std::vector<MachineCredential> list_machine_keys(store::Transaction& tx);
/// False if the user has none of that id.
bool delete_personal_token(store::Transaction& tx, base::UserId user, std::int64_t token_id);
bool delete_machine_key(store::Transaction& tx, base::UserId user, std::string_view key_id);

/// A new client secret in place of the former one. It is shown this once; the store has its
/// SHA-256, which is enough for 256 random bits.
base::Secret set_machine_secret(store::Transaction& tx, base::UserId user, base::Random& random,
                                base::Time now);
/// False if there is none.
bool delete_machine_secret(store::Transaction& tx, base::UserId user);
bool has_machine_secret(store::Transaction& tx, base::UserId user);
/// Compares in constant time; false if the user has none.
bool verify_machine_secret(store::Transaction& tx, base::UserId user, const base::Secret& secret);

/// An empty one is none.
void set_machine_description(store::Transaction& tx, base::UserId user,
                             std::string_view description);
std::string find_machine_description(store::Transaction& tx, base::UserId user);

}  // namespace vestibule::accounts
