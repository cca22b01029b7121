#pragma once

#include <filesystem>

#include "base/result.h"

namespace vestibule::store {

/// Holds a data directory for this process alone, by flock(2) on DIR/lock, until it is destroyed.
/// The kernel releases it when the process dies, however it dies.
class DirectoryLock {
 public:
  /// Takes the lock without waiting. Refused with `directory_in_use`, naming the process that
  /// holds it, or with `directory_unusable`.
  static base::Result<DirectoryLock> take(const std::filesystem::path& directory);

  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;
  ~DirectoryLock();

 private:
  explicit DirectoryLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace vestibule::store
