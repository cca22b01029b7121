#pragma once

#include <atomic>
#include <optional>
#include <string_view>

#include "accounts/user.h"
#include "base/result.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::accounts {

/// Gives out user ids: appending, never one twice. Starts above everything that the store has seen
/// (users and tombstones), so nothing is lost if a process dies with ids unused. Thread-safe.
class UserIds {
 public:
  explicit UserIds(unsigned cell = 0) : cell_(cell) {}
  /// Reads the store's highest id; called at start before the first next().
  void load(store::Store& store);
  base::UserId next(base::Time now);
  /// True for a decimal that next() may still reach: a creator may not choose it.
  bool may_come(base::UserId id, base::Time now) const;

 private:
  unsigned cell_;
  std::atomic<std::uint64_t> last_{0};  ///< milliseconds << 12 | sequence
};

/// A decimal id this close below the generator may have been given out and not be stored yet, here
/// or in another cell whose clock is behind.
inline constexpr base::Milliseconds id_margin{3600 * 1000};

/// What a creator may choose as a `sub`: 1 to 200 characters without control characters. The error
/// is invalid `id_malformed` with field "userId".
base::Result<void> check_chosen_subject(std::string_view subject);

/// Inserts the row; id, organization and times are set by the caller. With a chosen subject or a
/// user name it claims the directory name too: already_exists if taken (`username_taken`) or, for
/// an id, if it was ever used, also by a deleted user (`id_taken`); invalid `id_reserved` for a
/// decimal that UserIds may still give out.
base::Result<void> insert_user(store::Transaction& tx, const User& user);
/// The same for a user of another provider, whose chosen subject is that provider's id: it says
/// nothing of ours, whatever it looks like. Only already_exists `id_taken`.
base::Result<void> insert_user_from_elsewhere(store::Transaction& tx, const User& user);

/// The user in one row of a query for VESTIBULE_USER_COLUMNS (accounts/users_sql.h).
User read_user(const store::Rows& rows);

std::optional<User> find_user(store::Transaction& tx, base::UserId id);
/// By `sub`, which is the decimal of the internal id or a chosen one.
std::optional<User> find_user_by_subject(store::Transaction& tx, std::string_view subject);
/// The internal id for a `sub` without loading the user; it may be of a deleted one.
std::optional<base::UserId> resolve_subject(store::Transaction& tx, std::string_view subject);

/// The internal id of a user of another provider; it may be of a deleted one.
std::optional<base::UserId> resolve_subject_from_elsewhere(store::Transaction& tx,
                                                           std::string_view subject);

/// Writes profile, user name, e-mail, phone, language and state columns of `user` and counts the
/// sequence up (`user.sequence`, `user.changed_at` are updated). The user name's directory entry
/// follows: already_exists if it is taken.
base::Result<void> update_user(store::Transaction& tx, User& user, base::Time now);

/// Clears the guest day and records who upgraded it; the tag's metadata row stays as it is.
void become_account(store::Transaction& tx, User& user, std::optional<base::UserId> by,
                    base::Time now);

/// Ends every session, family and code and kills every token made before `now` (invariant 6).
void change_standing(store::Transaction& tx, const sessions::Sessions& sessions, base::UserId user,
                     base::Time now);

/// Notes activity if the last note is older than `precision` (one token lifetime).
void touch(store::Transaction& tx, base::UserId user, base::Time now, base::Milliseconds precision);

/// Deletes the user's rows in every table of this folder and leaves a tombstone. The verbs that
/// may call it are in guests/erase.h.
void delete_user_rows(store::Transaction& tx, const User& user, std::string_view reason,
                      base::Time now);

}  // namespace vestibule::accounts
