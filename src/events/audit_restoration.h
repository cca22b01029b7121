#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "events/audit_commitment.h"
#include "events/audit_head.h"
#include "store/transaction.h"

namespace vestibule::events {

/// The line `store.restored`: the store went back to a copy, and the chain as it was exported goes
/// on no more. From here on it goes on from the copy's last seal.
struct Restoration {
  std::int64_t line = 0;
  base::Time at;
  std::int64_t restored_sequence = 0;  ///< the copy's last seal; 0: it had none
  AuditHead lost;                      ///< the end of what was there before

  /// True if the restoration is why a chain has no such head.
  bool explains(const AuditHead& head) const;
};

/// Writes the line, under a MAC of the audit key, so that nobody who can only write to the database
/// passes a cut off as a restoration. In the restored store, before anything new is sealed. `lost`
/// is the head that was exported last, such as DIR/audit-head says before it is replaced.
void record_restoration(store::Transaction& tx, const base::Secret& key, const AuditHead& lost,
                        base::Time now);

/// What a line says; nullopt if it is another type of line, or its MAC does not fit.
std::optional<Restoration> read_restoration(const base::Secret& key, const AuditRow& row);

/// The newest hundred restorations, newest first. Walks the whole log.
std::vector<Restoration> list_restorations(store::Transaction& tx, const base::Secret& key);

}  // namespace vestibule::events
