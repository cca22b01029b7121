#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "guests/merge.h"

namespace vestibule::guests {

/// One application's part of a merge: how far it has come there. Kept as long as the merge, because
/// only those that took part may ask for its alias.
struct MergePart {
  std::string application;
  base::Time requested_at;
  std::optional<base::Time> delivered_at = {};  ///< it has seen the request, and not refused it
  std::optional<base::Time> acknowledged_at = {};
};

/// The parts of a merge, by the applications' names.
std::vector<MergePart> list_parts(store::Transaction& tx, base::MergeId merge);

/// An application has seen the request without taking the data over yet: its webhook was answered
/// with 2xx, or it listed its merges. The first time counts; for a merge in which it has no part,
/// nothing happens.
void note_merge_delivered(store::Transaction& tx, base::MergeId merge, std::string_view application,
                          base::Time now);

/// True if the application has a part of this open merge that was not noted as delivered.
bool is_undelivered(store::Transaction& tx, base::MergeId merge, std::string_view application);

/// Where a merge stands for people: its state, or `delivered` if it is not late and every
/// application has seen it.
std::string_view step_of(const Merge& merge, std::span<const MergePart> parts);

}  // namespace vestibule::guests
