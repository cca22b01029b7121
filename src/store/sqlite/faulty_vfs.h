#pragma once

#include <atomic>
#include <string>

namespace vestibule::store::sqlite {

/// For tests: a SQLite VFS whose files fail when they are told to. Registered under name() for the
/// rest of the process.
class FaultyVfs {
 public:
  static const std::string& name();
  /// While true, every fsync of a WAL reports an I/O error, without doing it.
  static std::atomic<bool> fail_wal_sync;
  /// Makes one fsync of a WAL fail, and is false afterwards.
  static std::atomic<bool> fail_next_wal_sync;
  /// While true, every write to a WAL reports a full disk.
  static std::atomic<bool> wal_is_full;
  /// While true, every fsync of a database file (a checkpoint's) reports an I/O error.
  static std::atomic<bool> fail_database_sync;
};

}  // namespace vestibule::store::sqlite
