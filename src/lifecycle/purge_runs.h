#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace vestibule::lifecycle {

/// How a run of the purge ended. A refused one has its reason behind: `refused: clock_jumped`.
namespace outcome {
inline constexpr std::string_view running = "running";
inline constexpr std::string_view done = "done";
inline constexpr std::string_view stopped = "stopped";          ///< the server was told to stop
inline constexpr std::string_view interrupted = "interrupted";  ///< the process died
inline constexpr std::string_view failed = "failed";            ///< the store refused
inline constexpr std::string_view refused = "refused: ";
}  // namespace outcome

/// One run of the purge; dry runs leave none.
struct PurgeRun {
  std::int64_t id = 0;
  base::Time started_at;
  std::optional<base::Time> finished_at = {};  ///< none while it runs, or if its process died
  base::Time cutoff;                           ///< of guests without a retention of their own
  std::int64_t found = 0;
  /// Counted in the units that delete, so that it is exact after a crash too.
  std::int64_t purged = 0;
  std::string outcome;
};

/// Writes the row of a run that begins or was refused, and returns its id.
std::int64_t insert_run(store::Transaction& tx, const PurgeRun& run);
/// Adds what a unit has purged, in that unit.
void count_purged(store::Transaction& tx, std::int64_t run, int purged);
void finish_run(store::Transaction& tx, std::int64_t run, std::string_view outcome, base::Time now);

/// The latest runs, newest first.
std::vector<PurgeRun> list_runs(store::Transaction& tx, int limit);
/// Runs that are still under way by the store died with their process; called when a process has
/// just opened it. What they had not come to is found by the next run. Writes only if there are
/// any.
void close_interrupted_runs(store::Store& store);
/// Forgets up to `limit` runs that started before; returns how many.
std::int64_t forget_runs(store::Transaction& tx, base::Time before, int limit);

}  // namespace vestibule::lifecycle
