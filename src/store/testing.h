#pragma once

#include <filesystem>
#include <memory>

#include "store/store.h"

namespace vestibule::store {

/// A directory of its own under the system's directory for temporary files, removed with all that
/// is in it on destruction.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// For tests: an empty, migrated SQLite store in a temporary directory, which goes with it. It is
/// the real engine on a real file.
std::unique_ptr<Store> open_temporary();

}  // namespace vestibule::store
