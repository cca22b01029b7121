#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::guests {

/// Where a merge stands. `stalled` is past its deadline and still waited for. The steps between
/// (delivered, acknowledged) are each application's own: merge_parts.h.
enum class MergeState { requested = 1, stalled = 2, done = 3, abandoned = 4 };
std::string_view to_string(MergeState state);

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
  std::optional<std::string> reason = {};  ///< why an operator gave it up
  bool is_open() const { return state == MergeState::requested || state == MergeState::stalled; }
};

struct MergeOptions {
  base::Milliseconds deadline{24 * 3600 * 1000};
};

/// The merges that wait for an application.
struct OpenMerges {
  int open = 0;
  int stalled = 0;  ///< of these
  std::optional<base::Time> oldest = {};
};

std::optional<Merge> find_merge(store::Transaction& tx, base::MergeId id);
/// Open merges, oldest first, that wait for `application`; all open ones if it is empty.
std::vector<Merge> list_open_merges(store::Transaction& tx, std::string_view application,
                                    int limit);
/// Merges that are remembered, in one state or in any, newest first. Walks the table: for readers,
/// not for the writer.
std::vector<Merge> list_merges(store::Transaction& tx, std::optional<MergeState> state, int limit);
/// Marks merges past their deadline as stalled and counts the open ones.
OpenMerges mark_stalled(store::Transaction& tx, base::Time now);
/// True while a merge into this account is open.
bool is_merge_target(store::Transaction& tx, base::UserId user);
/// The `sub` that a merged one became, through later merges of that one too, as far as
/// `application` took part in them; for the migration of data, never for a token's subject.
std::optional<std::string> find_alias(store::Transaction& tx, std::string_view application,
                                      std::string_view old_subject);
/// Merges that finished before `before`, for forget_merges; at most `limit`.
std::vector<base::MergeId> list_old_merges(store::Transaction& tx, base::Time before, int limit);
/// Forgets finished merges, their parts and their aliases.
void forget_merges(store::Transaction& tx, const std::vector<base::MergeId>& merges);

}  // namespace vestibule::guests
