#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/transaction.h"

namespace vestibule::recovery {

/// Rows that point at nothing, or at what cannot be: which transactions never leave behind.
struct Orphans {
  std::string_view code;
  std::string_view what;  ///< in words, after the number of rows
  std::int64_t count = 0;
  std::string example = {};  ///< the first one's id or name
};

/// Looks for every kind; those of which there are none are left out. Walks whole tables: for a
/// snapshot, not for the writer.
std::vector<Orphans> find_orphans(store::Transaction& tx);

}  // namespace vestibule::recovery
