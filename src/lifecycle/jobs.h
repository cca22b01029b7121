#pragma once

#include <functional>

#include "accounts/mailer.h"
#include "base/random.h"
#include "events/outbox.h"
#include "guests/guests.h"
#include "lifecycle/keeper.h"
#include "lifecycle/purge.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::lifecycle {

/// Names of the keeper's jobs, for Keeper::trigger and run_once.
inline constexpr const char* purge_job_name = "purge";
inline constexpr const char* mail_job_name = "mail";
inline constexpr const char* rotation_job_name = "key rotation";
inline constexpr const char* merges_job_name = "merges";

/// The references of every job outlive the keeper.

/// Purges abandoned guests. A refused run is logged as an error and tried again at the next time.
Job purge_job(const PurgeContext& context, PurgeOptions options, base::Milliseconds interval);

/// Sends the mail that is due.
Job mail_job(accounts::Mailer& mailer, base::Milliseconds interval);

/// Rotates signing keys when that is due, by a function so that keys/ is not needed here.
Job rotation_job(std::function<void(base::Time now)> rotate_if_due, base::Milliseconds interval);

/// Marks merges past their deadline as stalled, which is logged as an error, and tells `report`
/// what waits, for metrics. They are still waited for.
Job merges_job(store::Store& store,
               std::function<void(const guests::OpenMerges& merges, base::Time now)> report,
               base::Milliseconds interval);

}  // namespace vestibule::lifecycle
