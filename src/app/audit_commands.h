#pragma once

#include <boost/json/object.hpp>

#include "app/core.h"
#include "app/progress.h"
#include "base/result.h"

namespace vestibule::app {

/// Seals what is new and walks the audit log: `{head}`, the text of a head that is compared with
/// instead of the exported one (events/audit_head.h). A chain that has lost its exported head is
/// looked at as it is. `{"sound":…}` with counts and `findings`; a flaw is no error of the command.
base::Result<boost::json::object> verify_audit(Core& core, const boost::json::object& arguments,
                                               const Progress& progress);

/// Seals what is new and exports the head: `{"head","sequence","last_id","sealed_at"}`. Error:
/// conflict `audit_conflict` if the chain does not have the head that was exported last.
base::Result<boost::json::object> show_audit_head(Core& core);

/// The newest lines, oldest first: `{user, type, since, limit}`, all optional: a `sub`, a type,
/// milliseconds since the epoch, and 1 to 10,000 (100). `{"lines":[…]}`.
base::Result<boost::json::object> list_audit(Core& core, const boost::json::object& arguments);

}  // namespace vestibule::app
