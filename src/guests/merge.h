#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::guests {

/// Where a merge stands. `stalled` is past its deadline and still waited for.
enum class MergeState { requested = 1, stalled = 2, done = 3, abandoned = 4 };

struct Merge {
  base::MergeId id;
  base::UserId source;
  base::UserId target;
  std::string source_subject;
  std::string target_subject;
  MergeState state = MergeState::requested;
  base::Time requested_at;
  base::Time deadline_at;
  std::optional<base::Time> finished_at = {};
  bool is_open() const { return state == MergeState::requested || state == MergeState::stalled; }
};

struct MergeOptions {
  base::Milliseconds deadline{24 * 3600 * 1000};
};

std::optional<Merge> find_merge(store::Transaction& tx, base::MergeId id);
/// Open merges, oldest first, that wait for `application`; all open ones if it is empty.
std::vector<Merge> list_open_merges(store::Transaction& tx, std::string_view application,
                                    int limit);
/// Marks merges past their deadline as stalled and returns how many are stalled in all.
int mark_stalled(store::Transaction& tx, base::Time now);
/// The account that a merged guest's sub became, for applications that took part.
std::optional<std::string> find_alias(store::Transaction& tx, std::string_view old_subject);

}  // namespace vestibule::guests
