#pragma once

#include "app/core.h"
#include "app/progress.h"

namespace vestibule::app {

/// `users.export {to}`: every person, guests too, as JSON lines (user_lines.h) into a new file of
/// 0600, read in snapshots of a few hundred: {"file","users"}. A user that changes meanwhile is as
/// it was or as it is. Errors: invalid `arguments`; conflict `file_exists`; unavailable
/// `export_failed`. Service accounts are not people and stay.
base::Result<boost::json::object> export_users(Core& core, const boost::json::object& arguments,
                                               const Progress& progress);

/// `users.import {from, dry_run}`: each line becomes a user with its id and `sub`, in a unit of its
/// own, or is named with its reason and leaves nothing: {"lines","imported","skipped","errors",
/// "refused":[{"line","reason","message"}]}, the first thousand refusals. A user that is there
/// already is skipped if it is the same, so that an import that ended early is begun again. Errors:
/// invalid `arguments`; not_found `file_missing`; unavailable `import_failed`.
base::Result<boost::json::object> import_users(Core& core, const boost::json::object& arguments,
                                               const Progress& progress);

}  // namespace vestibule::app
