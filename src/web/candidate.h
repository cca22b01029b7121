#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "accounts/user.h"
#include "store/transaction.h"

namespace vestibule::web {

/// Who may sign in under a name, with what to check the password against.
struct Candidate {
  base::UserId user;
  std::string password_hash;
};
std::optional<Candidate> find_candidate(store::Transaction& tx, std::string_view name);

/// The same person once the password has been checked, if they may still sign in by it: it may have
/// been changed meanwhile.
std::optional<accounts::User> confirm_candidate(store::Transaction& tx, const Candidate& candidate);

}  // namespace vestibule::web
