#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guests/erasures.h"
#include "store/store.h"

// DIR/erasures.jsonl: every erasure, a line of JSON each, outside of the database and its backups.
// It only grows; operators copy it beside their backups. It names nobody but by ids.
namespace vestibule::recovery {

/// The file in a data directory.
std::filesystem::path erasure_log_of(const std::filesystem::path& data);

/// A line with its end; parse_erasure reads it back without it.
std::string to_line(const guests::Erasure& erasure);
std::optional<guests::Erasure> parse_erasure(std::string_view line);

/// Moves what waits in the store to the log: appended and on disk before it is deleted from the
/// store, so that a crash loses nothing and at worst writes a line twice. Returns how many. Throws
/// std::system_error if the file cannot be written: they wait on.
std::int64_t export_erasures(store::Store& store, const std::filesystem::path& log,
                             const std::stop_token& stop = {});

/// Every erasure in a log; none if there is no file. A line that a crash cut off is passed over,
/// because what it tells was written again. Errors: invalid `erasures_malformed`, naming the line;
/// unavailable `erasures_unreadable`.
base::Result<std::vector<guests::Erasure>> read_erasures(const std::filesystem::path& log);

}  // namespace vestibule::recovery
