#include "web/candidate.h"

#include "accounts/directory.h"
#include "accounts/passwords.h"
#include "accounts/users.h"

namespace vestibule::web {

std::optional<Candidate> find_candidate(store::Transaction& tx, std::string_view name) {
  const auto user = accounts::find_sign_in_name(tx, name);
  // Looked for even if there is nobody: as many statements run for every name.
  auto hash = accounts::find_password_hash(tx, user.value_or(base::UserId{}));
  if (!user || !hash) return std::nullopt;
  return Candidate{*user, *std::move(hash)};
}

std::optional<accounts::User> confirm_candidate(store::Transaction& tx,
                                                const Candidate& candidate) {
  auto user = accounts::find_user(tx, candidate.user);
  const bool good = user && user->state == accounts::UserState::active &&
                    accounts::find_password_hash(tx, user->id) == candidate.password_hash;
  return good ? std::move(user) : std::nullopt;
}

}  // namespace vestibule::web
