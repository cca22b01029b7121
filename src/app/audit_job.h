#pragma once

#include "app/core.h"
#include "lifecycle/keeper.h"

namespace vestibule::app {

/// Each second: writes refused attempts, seals what is new in the audit log, and exports its head
/// once a minute. The core outlives the keeper.
lifecycle::Job audit_job(Core& core);

/// The same to the end, before a server or a backup is done: everything that is committed is sealed
/// and the head is exported. What goes wrong is logged: the next start makes it up.
void close_audit(Core& core) noexcept;

}  // namespace vestibule::app
