#pragma once

#include "base/clock.h"
#include "events/outbox.h"
#include "lifecycle/keeper.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::lifecycle {

inline constexpr const char* cleanup_job_name = "clean-up";

/// How long things are kept. Tombstones are kept for ever: an id is never issued twice.
struct Retention {
  /// Ended session ids: past the longest life of a ticket or token that names one.
  base::Milliseconds ended_sessions{25LL * 3600 * 1000};
  base::Milliseconds unproved_addresses{30LL * 24 * 3600 * 1000};
  base::Milliseconds audit_addresses{90LL * 24 * 3600 * 1000};
  base::Milliseconds dead_letters{90LL * 24 * 3600 * 1000};
  base::Milliseconds delivered{3LL * 24 * 3600 * 1000};  ///< events
  base::Milliseconds aliases{400LL * 24 * 3600 * 1000};  ///< and finished merges
  base::Milliseconds purge_runs{365LL * 24 * 3600 * 1000};
};

/// Forgets what has expired, in units of `batch` rows: sessions, refresh families, codes,
/// revocations, ended ids (in the store and in memory), idempotency keys, never-proved addresses,
/// mail links, network addresses in the audit log, dead letters, delivered events, finished merges
/// with their aliases, reports of purges.
Job cleanup_job(store::Store& store, const sessions::Sessions& sessions,
                sessions::EndedSessions& ended, const events::Outbox& outbox, Retention retention,
                base::Milliseconds interval, int batch = 200);

}  // namespace vestibule::lifecycle
