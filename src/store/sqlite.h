#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "store/group_commit.h"
#include "store/migrations.h"
#include "store/store.h"

namespace vestibule::store {

/// How a SQLite store is opened. The defaults suit a server of any size.
struct SqliteOptions {
  /// The database file. Its directory exists; a file named `lock` beside it keeps other
  /// processes out for as long as the store is open.
  std::filesystem::path path{};
  /// Recorded with the migrations that opening applies.
  base::Time opened_at{};
  GroupCommitOptions group_commit{};
  /// Most snapshot connections, which is how many reads run at once; others wait.
  std::size_t max_readers = 16;
  /// Limits of the page caches, in KiB; memory is taken as pages are read.
  int writer_cache_kib = 16 * 1024;
  int reader_cache_kib = 2 * 1024;
  /// The schema to bring the file to. Tests pass shorter or broken ones.
  std::span<const Migration> migrations = store::migrations();
  /// The SQLite VFS to open with; empty is SQLite's own. Tests inject faults with it.
  std::string vfs{};
  /// Most pages the file may have, after which it counts as full; 0 is no limit.
  std::int64_t max_pages = 0;
};

/// Opens a SQLite database, makes it if it is not there, and migrates it: WAL, synchronous=FULL,
/// one writer with group commit, snapshot readers. Throws Unavailable with a message fit for an
/// operator: another process holds the directory, the file cannot be opened, its schema is newer
/// than this binary, or a migration failed (which leaves the schema as it was before that step).
std::unique_ptr<Store> open_sqlite(const SqliteOptions& options);

}  // namespace vestibule::store
