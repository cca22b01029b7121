#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "events/audit_commitment.h"
#include "store/transaction.h"

namespace vestibule::events {

/// Which lines of the audit log are wanted.
struct AuditFilter {
  std::optional<base::UserId> user = {};
  std::string type = {};  ///< empty: every type
  base::Time since{};
  int limit = 100;  ///< the newest so many
};

/// The lines that fit, oldest first. Without a user it may walk the whole log: for operators.
std::vector<AuditRow> list_audit(store::Transaction& tx, const AuditFilter& filter);

}  // namespace vestibule::events
