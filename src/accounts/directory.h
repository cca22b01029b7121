#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "store/transaction.h"

namespace vestibule::accounts {

/// What kinds of name lead to a user.
enum class NameKind { username = 1, proved_email = 2, chosen_id = 3 };

/// The key under which a name is compared: trimmed and folded for user names and addresses, byte
/// for byte for chosen ids.
std::string name_key(NameKind kind, std::string_view name);

/// Takes the name for the user; already_exists if another user holds it. Idempotent.
base::Result<void> claim_name(store::Transaction& tx, NameKind kind, std::string_view name,
                              base::UserId user);
void release_name(store::Transaction& tx, NameKind kind, std::string_view name, base::UserId user);
std::optional<base::UserId> find_name(store::Transaction& tx, NameKind kind, std::string_view name);

/// Who may sign in under this name (design.md section 4, "Sign-in names"): the owner of a proved
/// address; else the user whose user name or asserted address it is, as long as nobody has proved
/// the address; never by an unproved one.
std::optional<base::UserId> find_sign_in_name(store::Transaction& tx, std::string_view name);

}  // namespace vestibule::accounts
