#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "events/audit_head.h"
#include "events/audit_restoration.h"
#include "store/store.h"

namespace vestibule::events {

/// What can be wrong with an audit log.
enum class Flaw {
  edited,       ///< a line is not as it was sealed
  missing,      ///< a sealed line is gone
  inserted,     ///< a line stands where sealing was over
  seal,         ///< a seal is not as it was made
  seal_gone,    ///< seals are missing between others
  cut_tail,     ///< the chain ends before the exported head
  other_chain,  ///< the chain goes past the exported head by other seals
  unsealed,     ///< lines should have been sealed long ago
  wrong_key,    ///< nothing fits: another master key, or another database
};
/// A stable word for machines.
std::string_view to_string(Flaw flaw);

struct Finding {
  Flaw flaw = Flaw::edited;
  std::optional<std::int64_t> line = {};
  std::optional<std::int64_t> seal = {};
  std::string message;  ///< for an operator
};

struct Verification {
  std::int64_t seals = 0;
  std::int64_t lines = 0;      ///< sealed ones that were looked at
  std::int64_t forgotten = 0;  ///< of these, with an address or a detail that was forgotten
  std::int64_t unsealed = 0;   ///< younger than the last seal
  std::optional<AuditHead> head = {};
  std::vector<Restoration> restorations = {};
  /// The restoration that explains why the exported head is not in the chain.
  std::optional<Restoration> explained_by = {};
  std::int64_t flaws = 0;
  std::vector<Finding> findings = {};  ///< the first thousand of them

  bool is_sound() const { return flaws == 0; }
};

/// Told now and then with the number of lines that have been looked at.
using VerifyProgress = std::function<void(std::int64_t lines)>;

/// Walks the whole chain, in snapshots of a few seals each, and compares its end with `exported`,
/// the head that somebody outside of the database knows. Never throws for what stands in the rows.
/// A line that was written more than a minute before `now` and is not sealed is a finding: seal
/// first. It cannot find lines that were removed or changed before they were sealed.
Verification verify_audit(store::Store& store, const base::Secret& key,
                          const std::optional<AuditHead>& exported, base::Time now,
                          const VerifyProgress& progress = {});

}  // namespace vestibule::events
