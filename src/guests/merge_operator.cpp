#include "guests/merge_operator.h"

#include <algorithm>
#include <string>

#include "events/audit.h"
#include "events/merge_requests.h"
#include "guests/merge_parts.h"
#include "guests/merge_sql.h"

namespace vestibule::guests {

using base::ErrorKind;
using base::fail;

namespace {

/// In the audit log only.
constexpr std::string_view guest_merge_retried = "guest.merge_retried";

base::Result<Merge> load_unfinished(store::Transaction& tx, base::MergeId id) {
  auto merge = find_merge(tx, id);
  if (!merge) return fail(ErrorKind::not_found, "unknown_merge", "there is no such merge");
  if (merge->state == MergeState::done) {
    return fail(ErrorKind::conflict, "merge_done", "the merge is done");
  }
  return *std::move(merge);
}

bool is_fit_reason(std::string_view reason) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !reason.empty() && reason.size() <= longest_reason &&
         std::ranges::none_of(reason, is_control);
}

std::string told(const Merge& merge) {
  return "operator, merge " + base::to_string(merge.id);
}

}  // namespace

base::Result<Merge> retry_merge(store::Transaction& tx, const events::Outbox& outbox,
                                base::MergeId id, base::Time now) {
  auto merge = load_unfinished(tx, id);
  if (!merge) return merge;
  if (!merge->is_open()) {
    return fail(ErrorKind::conflict, "merge_abandoned", "the merge was abandoned");
  }
  for (const auto& part : list_parts(tx, id)) {
    if (!part.acknowledged_at) events::hasten_user(tx, part.application, merge->source, now);
  }
  outbox.wake_after(tx);
  const auto detail = told(*merge);
  events::record(tx, {.type = guest_merge_retried, .user = merge->source, .detail = detail}, now);
  return merge;
}

base::Result<Merge> abandon_merge(store::Transaction& tx, const events::Outbox& outbox,
                                  base::MergeId id, std::string_view reason, base::Time now) {
  if (!is_fit_reason(reason)) {
    return fail(ErrorKind::invalid, "reason",
                "a reason is 1 to 500 bytes without control characters", "reason");
  }
  auto merge = load_unfinished(tx, id);
  if (!merge || !merge->is_open()) return merge;
  tx.execute(sql::abandon_merge, id, now, reason);
  if (tx.execute(sql::unmark_merging, merge->source, id) != 1) {
    throw std::logic_error("the source of an open merge is gone");
  }
  for (const auto& part : list_parts(tx, id)) {
    outbox.withdraw_merge_request(tx, part.application, merge->source);
  }
  merge->state = MergeState::abandoned;
  merge->finished_at = now;
  merge->reason = reason;
  const auto detail = told(*merge) + ": " + std::string(reason);
  events::record(
      tx, {.type = events::guest_merge_abandoned, .user = merge->target, .detail = detail}, now);
  outbox.add(tx, events::guest_merge_abandoned, merge->source,
             {{"merge_id", base::to_string(id)},
              {"source_sub", merge->source_subject},
              {"target_sub", merge->target_subject}},
             now);
  return merge;
}

}  // namespace vestibule::guests
