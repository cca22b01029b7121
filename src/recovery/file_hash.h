#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace vestibule::recovery {

struct FileHash {
  std::int64_t bytes = 0;
  std::string sha256;  ///< hexadecimal
};

/// Reads a whole file in pieces. Throws std::system_error naming it.
FileHash hash_file(const std::filesystem::path& file);

/// Copies a file into a new one of 0600 and tells the hash of what was copied, so that what was
/// checked is what is used. The copy is on disk when this returns. Throws std::system_error.
FileHash copy_and_hash(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace vestibule::recovery
