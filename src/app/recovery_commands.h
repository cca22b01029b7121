#pragma once

#include <filesystem>

#include "app/core.h"
#include "app/progress.h"
#include "lifecycle/keeper.h"
#include "recovery/backup.h"

namespace vestibule::app {

/// `backup {to}`: recovery::write_backup of the open store; progress in pages. The object is
/// describe_backup's.
base::Result<boost::json::object> run_backup(Core& core, const boost::json::object& arguments,
                                             const Progress& progress);

/// {"file","schema","created_at","bytes","sha256","rows","audit_head","master_key","vestibule"}.
boost::json::object describe_backup(const recovery::Backup& backup);

/// `restore.release {dry_run}`: what has been held since a backup was restored, and unless it is a
/// dry run, the end of it: {"held_since","purgeable","merges","released"}. Merges that every
/// application has acknowledged meanwhile are finished. Errors: conflict `nothing_held`.
base::Result<boost::json::object> release_held(Core& core, const boost::json::object& arguments);

/// The keeper's job that moves erasures to the log outside of the store.
lifecycle::Job erasures_job(Core& core);

/// Where the head of the audit chain is exported.
std::filesystem::path audit_head_file(const Config& config);

}  // namespace vestibule::app
