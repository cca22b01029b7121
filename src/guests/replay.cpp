#include "guests/replay.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "accounts/directory.h"
#include "accounts/users_sql.h"
#include "guests/merge_operator.h"
#include "guests/merge_parts.h"
#include "guests/merge_sql.h"
#include "guests/merges.h"

namespace vestibule::guests {
namespace {

constexpr std::string_view why = "it ended otherwise after the backup that was restored";

EraseReason reason_of(std::string_view word) {
  for (const auto reason : {EraseReason::purged, EraseReason::self, EraseReason::merged}) {
    if (word == to_string(reason)) return reason;
  }
  return EraseReason::deleted;
}

template <class T>
T require(base::Result<T> result) {
  if (!result) throw std::logic_error(result.error().message);
  return *std::move(result);
}

Merge as_merge(const Erasure& erasure) {
  return {.id = erasure.merge->merge,
          .source = erasure.user,
          .target = erasure.merge->target,
          .source_subject =
              erasure.chosen_subject ? *erasure.chosen_subject : base::to_string(erasure.user),
          .target_subject = erasure.merge->target_subject,
          .requested_at = erasure.erased_at,
          .deadline_at = erasure.erased_at};
}

void abandon_others(store::Transaction& tx, const events::Outbox& outbox,
                    const accounts::User& user, std::optional<base::MergeId> but, base::Time now) {
  if (user.merge && user.merge != but) require(abandon_merge(tx, outbox, *user.merge, why, now));
  if (!is_merge_target(tx, user.id)) return;
  for (const auto& merge : list_open_merges(tx, {}, std::numeric_limits<int>::max())) {
    if (merge.target == user.id) require(abandon_merge(tx, outbox, merge.id, why, now));
  }
}

void merge_again(store::Transaction& tx, const Guests& guests, const Erasure& erasure,
                 base::Time now) {
  const auto id = erasure.merge->merge;
  if (!find_merge(tx, id)) insert_merge(tx, as_merge(erasure), erasure.merge->applications);
  for (const auto& part : list_parts(tx, id)) {
    if (!part.acknowledged_at) require(guests.acknowledge(tx, id, part.application, now));
  }
  // Nobody held data.
  if (accounts::find_user(tx, erasure.user)) require(guests.acknowledge(tx, id, {}, now));
}

/// The source was made and merged after the backup: what is left of it is the alias.
void remember_merge(store::Transaction& tx, const Erasure& erasure) {
  const auto merge = as_merge(erasure);
  if (find_merge(tx, merge.id)) return;
  tx.execute(sql::insert_merge, merge.id, merge.source, merge.target, merge.source_subject,
             merge.target_subject, merge.requested_at, merge.deadline_at);
  for (const auto& application : erasure.merge->applications) {
    tx.execute(sql::insert_part, merge.id, application, merge.requested_at);
    tx.execute(sql::acknowledge_part, merge.id, application, erasure.erased_at);
  }
  tx.execute(sql::insert_alias, merge.source_subject, merge.target_subject, erasure.erased_at,
             merge.id);
  tx.execute(sql::finish_merge, merge.id, erasure.erased_at);
}

Replayed remember(store::Transaction& tx, const Erasure& erasure) {
  const bool is_new = tx.execute(accounts::sql::insert_tombstone, erasure.user, erasure.erased_at,
                                 erasure.reason) == 1;
  if (!is_new) return Replayed::known;
  if (erasure.chosen_subject) {
    // Taken by somebody else since: then the backup is not of this log's store.
    const auto claimed = accounts::claim_name(tx, accounts::NameKind::chosen_id,
                                              *erasure.chosen_subject, erasure.user);
    if (!claimed) throw std::logic_error(claimed.error().message);
  }
  if (erasure.merge) remember_merge(tx, erasure);
  return Replayed::forgotten;
}

}  // namespace

Replayed replay_erasure(store::Transaction& tx, const Guests& guests, const events::Outbox& outbox,
                        const Erasure& erasure, base::Time now) {
  const auto user = accounts::find_user(tx, erasure.user);
  if (!user) return remember(tx, erasure);
  const auto merge = erasure.merge ? std::optional(erasure.merge->merge) : std::nullopt;
  abandon_others(tx, outbox, *user, merge, now);
  if (merge) {
    merge_again(tx, guests, erasure, now);
    return Replayed::erased;
  }
  const auto fresh = accounts::find_user(tx, erasure.user);
  if (auto erased = guests.erase(tx, *fresh, reason_of(erasure.reason), now); !erased) {
    throw std::logic_error(erased.error().message);
  }
  return Replayed::erased;
}

}  // namespace vestibule::guests
