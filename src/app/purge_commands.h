#pragma once

#include <boost/json/object.hpp>

#include "app/core.h"
#include "app/progress.h"
#include "base/result.h"

namespace vestibule::app {

/// The purge as it is configured, for the keeper.
lifecycle::PurgeOptions purge_options(const Config& config);

/// Purges abandoned guests: `{older_than, client, dry_run, force}`, all of which may be absent.
/// `older_than` are seconds, for the guests of every application; without it they are kept as
/// configured. `client` leaves all others alone. The result has
/// `{dry_run, cutoff, users, found, purged, applications}`; a dry run has in `purged` what a run
/// would delete.
base::Result<boost::json::object> run_purge(Core& core, const boost::json::object& arguments,
                                            const Progress& progress);

/// What the latest runs did, newest first: `{runs}`.
base::Result<boost::json::object> list_purge_runs(Core& core);

}  // namespace vestibule::app
