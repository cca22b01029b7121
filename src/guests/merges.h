#pragma once

#include "accounts/delete_user.h"
#include "guests/merge.h"

namespace vestibule::guests {

/// The merge of a source that is open or done; else the latest that was abandoned.
std::optional<Merge> find_merge_of(store::Transaction& tx, base::UserId source);
/// Writes the row and one part for each of `holders`, and marks the source as merging.
void insert_merge(store::Transaction& tx, const Merge& merge,
                  const std::vector<std::string>& holders);
/// Forgets the abandoned merges of sources that are erased, and their parts. Finished ones stay for
/// their aliases.
void forget_abandoned_merges(store::Transaction& tx, const accounts::UserGroup& sources);

}  // namespace vestibule::guests
