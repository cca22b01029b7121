#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "events/outbox.h"
#include "keys/master_key.h"
#include "recovery/manifest.h"

namespace vestibule::recovery {

/// Whether a store that is there gives way.
enum class Replace { no, yes };

struct RestoreRequest {
  std::filesystem::path database;    ///< where the store is, or will be
  std::filesystem::path from;        ///< the backup; its manifest stands beside
  std::filesystem::path erasures;    ///< the log of erasures (erasure_log.h)
  std::filesystem::path audit_head;  ///< the head of the audit chain as it was exported last
  std::vector<events::Application> applications;  ///< that are told of what is erased again
  Replace replace = Replace::no;
};

struct Restored {
  Manifest manifest;
  std::filesystem::path aside;  ///< where the former store is now; empty: there was none
  std::int64_t erased_again = 0;
  std::int64_t erasures_remembered = 0;  ///< of users that the backup does not know
  std::vector<std::string> warnings = {};
};

/// Puts a backup in the place of the store, while no server runs: checked, migrated, in a new epoch
/// (epoch.h), without those whose erasure is in the log, and with deletions held (guests/hold.h).
/// All of that happens to a copy in DIR/restoring, which then takes the store's place in one step:
/// a crash at any instant leaves the former store or the complete new one. Errors: unavailable
/// `directory_in_use`; conflict `store_exists` (without Replace::yes), `schema_newer`,
/// `wrong_master_key`; as verify_backup and read_erasures; unavailable `restore_failed`.
base::Result<Restored> restore_backup(const RestoreRequest& request, const keys::MasterKey& master,
                                      base::Random& random, base::Time now,
                                      const std::function<void(std::string_view)>& tell);

}  // namespace vestibule::recovery
