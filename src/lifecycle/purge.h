#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "guests/guests.h"
#include "store/store.h"

namespace vestibule::lifecycle {

enum class PurgeMode { purge, dry_run };
/// Whether an operator overrides the refusals.
enum class PurgeForce { no, yes };

/// How long the guests of one application are kept, if not as long as all others.
struct ApplicationRetention {
  base::ClientId client;
  base::Milliseconds older_than{};
};

struct PurgeOptions {
  /// Guests whose day and last activity are both older than this.
  base::Milliseconds older_than{30LL * 24 * 3600 * 1000};
  /// What differs from it, by the client through which a guest was made.
  std::vector<ApplicationRetention> applications = {};
  /// Only the guests of this one.
  std::optional<base::ClientId> only = {};
  PurgeMode mode = PurgeMode::purge;
  PurgeForce force = PurgeForce::no;
  /// Guests in one unit of work, which holds the writer for about 10 µs for each.
  int batch = 128;
  /// A run that would delete a larger part of all users is refused, if there are more users than
  /// `small_store`: it is more likely a wrong clock or retention.
  double max_share = 0.5;
  std::int64_t small_store = 1000;
  /// A run so long after the last one is refused: the clock jumped, or the operator should look
  /// first. Twice the keeper's interval and the configured retention.
  base::Milliseconds longest_pause{(30LL * 24 + 2) * 3600 * 1000};
};

/// What was found and done among the guests of one application.
struct ApplicationReport {
  std::optional<base::ClientId> client;  ///< none: those of whom it is not known
  base::Time cutoff;
  std::int64_t found = 0;
  std::int64_t purged = 0;
};

struct PurgeReport {
  base::Time cutoff;        ///< of guests without a retention of their own
  std::int64_t users = 0;   ///< in the store before
  std::int64_t found = 0;   ///< purgeable before
  std::int64_t purged = 0;  ///< or begun with, in a remote provider; 0 in a dry run
  std::vector<ApplicationReport> applications = {};  ///< those with guests, by client
};

/// What a purge does with candidates, in a transaction that tests them again; how many it took.
/// With users of its own a store deletes them; with those of a remote provider it begins their
/// removal.
using PurgeStep =
    std::function<int(store::Transaction& tx, std::span<const base::UserId> candidates,
                      base::Time cutoff, base::Time now)>;
/// Deletes them at once (guests::Guests::purge). `guests` outlives it.
PurgeStep delete_at_once(const guests::Guests& guests);

/// What this process has purged so far, for metrics. Thread-safe.
struct PurgeStatistics {
  std::atomic<std::int64_t> last_run{0};  ///< milliseconds since 1970; 0: none yet
  std::atomic<std::int64_t> purged{0};
  std::atomic<std::int64_t> refused{0};  ///< runs
};

/// What a run works with; all of it outlives the run.
struct PurgeContext {
  store::Store& store;
  const PurgeStep& step;
  const base::Clock& clock;
  PurgeStatistics& statistics;
};

/// Called after each step with what is done and what was found.
using PurgeProgress = std::function<void(std::int64_t done, std::int64_t total)>;

/// Purges abandoned guests: candidates are read in snapshots, application by application, then
/// deleted in units of `batch`, each of which tests them again (invariant 3). A dry run counts
/// exactly what a run at the same instant would delete, is never refused and leaves no trace; every
/// other run leaves a row (purge_runs.h). What a run that ends early does not come to is found by
/// the next one. Used by the keeper, the control socket and the command line; two at once only
/// share the work. Errors: conflict `clock_jumped` (now is before the last run, or more than
/// `longest_pause` after it), conflict `share_exceeded`, invalid `older_than` (negative); conflict
/// `deletions_held` after a restored backup, also when forced.
base::Result<PurgeReport> run_purge(const PurgeContext& context, const PurgeOptions& options,
                                    const PurgeProgress& progress,
                                    const std::stop_token& stop = {});

}  // namespace vestibule::lifecycle
