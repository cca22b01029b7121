#include "guests/merge_parts.h"

#include <algorithm>

#include "guests/merge_sql.h"

namespace vestibule::guests {

std::vector<MergePart> list_parts(store::Transaction& tx, base::MergeId merge) {
  std::vector<MergePart> parts;
  auto rows = tx.query(sql::parts_of_merge, merge);
  while (rows.next()) {
    parts.push_back({.application = std::string(rows.text(0)),
                     .requested_at = rows.time(1),
                     .delivered_at = rows.optional_time(2),
                     .acknowledged_at = rows.optional_time(3)});
  }
  return parts;
}

void note_merge_delivered(store::Transaction& tx, base::MergeId merge, std::string_view application,
                          base::Time now) {
  tx.execute(sql::deliver_part, merge, application, now);
}

bool is_undelivered(store::Transaction& tx, base::MergeId merge, std::string_view application) {
  return tx.query(sql::undelivered_part, merge, application).next();
}

std::string_view step_of(const Merge& merge, std::span<const MergePart> parts) {
  const bool seen = std::ranges::all_of(
      parts, [](const MergePart& part) { return part.delivered_at.has_value(); });
  return merge.state == MergeState::requested && seen ? "delivered" : to_string(merge.state);
}

}  // namespace vestibule::guests
