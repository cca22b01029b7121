#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "store/transaction.h"

namespace vestibule::store {

/// Told after each step of a copy; false gives the copy up.
using CopyProgress = std::function<bool(std::int64_t done_pages, std::int64_t total_pages)>;

/// Copies a SQLite database, also one that a server writes to, into a new file: everything that was
/// committed when the copy began, and nothing of later. It reads one snapshot through a connection
/// of its own and never waits for the writer or makes it wait; meanwhile the WAL grows, because its
/// pages are still needed. The copy stands alone, without a WAL, and is on disk when this returns.
/// Throws Unavailable, and leaves an unfinished file for the caller to remove: cannot be read or
/// written, disk full, given up. False if `progress` gave it up.
bool copy_database(const std::filesystem::path& source, const std::filesystem::path& target,
                   const CopyProgress& progress);

/// Runs `unit` over a snapshot of a database file that this process has not opened as a store. It
/// takes no lock of the directory and does not migrate. Throws Unavailable if the file is none, or
/// as the unit does.
void inspect_database(const std::filesystem::path& file,
                      const std::function<void(Transaction&)>& unit);

/// What SQLite's own check of a whole file finds; empty: it is sound. At most a hundred lines.
std::vector<std::string> check_integrity(Transaction& tx);

/// The newest migration that was applied; 0 if the file is no store of ours.
int schema_version(Transaction& tx);

/// The highest number that an autoincrement column of the table has given out; 0: none yet.
std::int64_t last_number(Transaction& tx, std::string_view table);

/// Makes the table's next number at least `number` + 1.
void raise_last_number(Transaction& tx, std::string_view table, std::int64_t number);

}  // namespace vestibule::store
