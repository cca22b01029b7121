#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "events/audit_head.h"
#include "guests/erasures.h"
#include "recovery/epoch.h"

namespace vestibule::recovery {

/// What a store that gives way to a backup still knows, as far as it can be read.
struct FormerStore {
  Floors floors = {};
  std::vector<guests::Erasure> erasures = {};  ///< that had not reached the log yet
  std::optional<events::AuditHead> audit_head = {};
  std::string unreadable = {};  ///< why; empty: it was read
};

/// Reads the database of another epoch, which may be damaged or of an older schema. Never throws
/// for what is in it.
FormerStore read_former_store(const std::filesystem::path& database);

}  // namespace vestibule::recovery
