#pragma once

#include <filesystem>

namespace vestibule::store {

/// Puts `fresh`, a database without a WAL in the same file system, in the place of `database`,
/// whose files go to the name `aside` (not there yet); if there was no database, nothing is kept.
/// The caller holds the directory's lock. A crash at any instant leaves the old database or the
/// new one: a marker file beside the database is the moment of decision, and finish_replacement
/// completes what it says. Throws std::system_error.
void replace_database(const std::filesystem::path& database, const std::filesystem::path& fresh,
                      const std::filesystem::path& aside);

/// Completes a replacement that a crash interrupted, if there is one. Under the directory's lock,
/// before the database is opened. Throws std::system_error, and std::runtime_error for a marker
/// that cannot be read.
void finish_replacement(const std::filesystem::path& database);

}  // namespace vestibule::store
