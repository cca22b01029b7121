#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/metadata.h"
#include "accounts/service_accounts.h"
#include "accounts/user.h"
#include "jose/key.h"
#include "store/transaction.h"
#include "zitadel/errors.h"
#include "zitadel/requests.h"
#include "zitadel/routes.h"

// What the calls do, as plain functions in one transaction. Each checks its caller's permission.
namespace vestibule::zitadel {

/// One call on its way through one transaction.
struct Unit {
  const ZitadelContext& context;
  store::Transaction& tx;
  const accounts::Caller& caller;
  base::Time now;
  std::string_view client_address = {};
};

/// What was computed before the unit began, because it is too slow for one:
/// Argon2id, RSA keys.
struct SlowWork {
  std::string next_hash = {};                     ///< of PasswordChange::next
  std::optional<std::string> verified_hash = {};  ///< the stored hash that `current` matched
  std::optional<jose::PrivateKey> key = {};       ///< for AddKey
};

/// A user after a change, with the codes that the caller asked for.
struct Changed {
  accounts::User user;
  std::optional<base::Secret> email_code = {};
  std::optional<base::Secret> phone_code = {};
};

/// A user, or a guest if a GUEST_YY_MM_DD key is among the metadata (design.md section 2): its day
/// becomes the guest day, and the row stays readable.
Result<Changed> create_user(const Unit& unit, const CreateRequest& request, const SlowWork& work);

/// Changes what differs. The first update that stores a credential or another address makes a guest
/// an account in this transaction (invariant 2); its GUEST_ metadata stays until it is deleted.
/// Nothing differs: nothing is written.
Result<Changed> update_user(const Unit& unit, const UpdateRequest& request, const SlowWork& work);

/// What has to be true before a password is hashed for nothing: the caller may set it, and a reset
/// code is right. Gives the stored hash that `current` has to match, if the request has one.
Result<std::optional<std::string>> prepare_password(const Unit& unit, const UpdateRequest& request);

/// Erases the user with every row that names it.
Result<accounts::User> erase_user(const Unit& unit, std::string_view subject);

enum class StateChange { deactivate, reactivate, lock, unlock };
Result<accounts::User> change_state(const Unit& unit, std::string_view subject, StateChange change);

struct MetadataPage {
  std::vector<accounts::Metadata> entries = {};
  std::uint64_t total = 0;
  std::uint64_t applied_limit = 0;
};
/// An unknown user, and one that the caller may not read, has no metadata.
Result<MetadataPage> list_metadata(const Unit& unit, const Record& request);
/// Never a GUEST_ key, whoever asks and whoever the user is.
Result<void> set_metadata(const Unit& unit, std::string_view subject,
                          const std::vector<MetadataEntry>& entries);
Result<void> delete_metadata(const Unit& unit, std::string_view subject,
                             const std::vector<std::string>& keys);

struct UserPage {
  std::vector<accounts::User> users;
  std::uint64_t total = 0;
};
/// Those users that the queries name and that the caller may read. It may walk every user: for a
/// worker's snapshot, not for an io thread.
Result<UserPage> list_users(const Unit& unit, const Record& request);

/// Notes that something was done for the user: it is not abandoned (design.md section 4, "Purge").
void note_activity(const Unit& unit, base::UserId user);
/// Notes in the audit log who did what to whom.
void note(const Unit& unit, std::string_view type, base::UserId user);

}  // namespace vestibule::zitadel
