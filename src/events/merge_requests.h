#pragma once

#include <optional>
#include <string_view>

#include "events/deliveries.h"

namespace vestibule::events {

/// The newest `guest.merge_requested` about a guest on its way to an application, or taken by it;
/// none if it pulls, if it was taken back, or if nothing is kept of what was taken.
std::optional<Delivery> find_merge_request(store::Transaction& tx, std::string_view application,
                                           base::UserId source);

/// Everything about a user that waits for an application is due now, with its attempts forgotten.
/// The dispatcher finds it at its next wake().
void hasten_user(store::Transaction& tx, std::string_view application, base::UserId user,
                 base::Time now);

}  // namespace vestibule::events
