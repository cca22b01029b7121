#pragma once

#include "events/outbox.h"
#include "store/id_group.h"

namespace vestibule::events {

/// Forgets the events about users that have been delivered or given up, because those users are
/// erased. What still waits stays: it is on its way, and before the event of the erasure.
void forget_settled(store::Transaction& tx, const Outbox& outbox,
                    const store::IdGroup<base::UserId>& users);

}  // namespace vestibule::events
