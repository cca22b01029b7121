#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::guests {

/// What a merge left behind when it erased its source.
struct ErasedByMerge {
  base::MergeId merge;
  base::UserId target;
  std::string target_subject;
  std::vector<std::string> applications = {};  ///< that had a part in it
};

/// That a user was erased. It stands in the store until the log outside of it has it
/// (recovery/erasure_log.h), so that a restored backup forgets nobody's erasure.
struct Erasure {
  base::UserId user;
  std::optional<std::string> chosen_subject = {};
  base::Time erased_at;
  std::string reason;  ///< the tombstone's
  std::optional<ErasedByMerge> merge = {};
};
struct NumberedErasure {
  std::int64_t number = 0;  ///< never given twice in one store
  Erasure erasure;
};

/// Notes the erasure of users, in the transaction that erases them.
void note_erasures(store::Transaction& tx, std::span<const accounts::User> users,
                   std::string_view reason, base::Time now);
/// The same of one user that a merge erases.
void note_merged(store::Transaction& tx, const accounts::User& user, std::string_view reason,
                 const ErasedByMerge& merge, base::Time now);

/// The oldest that are not in the log yet.
std::vector<NumberedErasure> list_erasures(store::Transaction& tx, int limit);
/// Deletes those up to `number`: the log has them on disk.
void forget_erasures(store::Transaction& tx, std::int64_t number);
/// How many wait, and since when.
struct WaitingErasures {
  std::int64_t count = 0;
  std::optional<base::Time> oldest = {};
};
WaitingErasures count_erasures(store::Transaction& tx);

}  // namespace vestibule::guests
