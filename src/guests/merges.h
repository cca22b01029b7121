#pragma once

#include "guests/merge.h"

namespace vestibule::guests {

/// The latest merge of a source, open or not.
std::optional<Merge> find_merge_of(store::Transaction& tx, base::UserId source);
/// Writes the row and one wait for each of `holders`, and marks the source as merging.
void insert_merge(store::Transaction& tx, const Merge& merge,
                  const std::vector<std::string>& holders);

}  // namespace vestibule::guests
