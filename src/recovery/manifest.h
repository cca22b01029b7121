#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "keys/master_key.h"
#include "recovery/file_hash.h"
#include "store/transaction.h"

namespace vestibule::recovery {

/// What stands beside a backup, in FILE.manifest: how to know it whole, and what it needs.
struct Manifest {
  static constexpr int current_format = 1;

  int format = current_format;
  std::string program;  ///< the version of Vestibule that wrote it
  int schema = 0;
  base::Time created_at;
  FileHash file = {};
  std::map<std::string, std::int64_t> rows = {};  ///< by table
  std::string audit_head = {};                    ///< events/audit_head.h; empty: nothing sealed
  std::string master_key = {};                    ///< key_id of the one it needs

  std::string to_json() const;
  /// Errors: invalid `manifest_malformed`; conflict `manifest_newer` (another format).
  static base::Result<Manifest> parse(std::string_view text);
};

/// The manifest's file.
std::filesystem::path manifest_of(const std::filesystem::path& backup);

/// Tells master keys apart without telling anything of them.
std::string key_id(const keys::MasterKey& master);

/// How many rows the tables have by which people know a store.
std::map<std::string, std::int64_t> count_rows(store::Transaction& tx);

}  // namespace vestibule::recovery
