#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/deliveries.h"

namespace vestibule::events {

/// What an operator asks for; an empty member asks for all.
struct DeliveryFilter {
  std::string application = {};
  std::optional<DeliveryState> state = {};
  std::optional<base::UserId> user = {};
  std::optional<base::Time> since = {};  ///< of the event
  std::optional<base::Time> until = {};  ///< not included
};

/// The newest rows of the outbox that fit, newest first; at most `limit`. May walk the whole table:
/// for readers, not for the writer.
std::vector<Delivery> list_deliveries(store::Transaction& tx, const DeliveryFilter& filter,
                                      int limit);

/// Ids, ascending from after `after`, of rows of one application that fit and do not wait. Walks as
/// list_deliveries does. At most `limit`.
std::vector<base::EventId> list_replayable(store::Transaction& tx, const DeliveryFilter& filter,
                                           base::EventId after, int limit);

/// Makes a dead or delivered row due now, under its own webhook-id, with its attempts forgotten;
/// false if there is no such row. The dispatcher finds it at its next wake().
bool replay(store::Transaction& tx, base::EventId id, base::Time now);

/// Deletes dead rows that were last tried, and delivered ones that were taken, before `before`; at
/// most `limit`, returns how many.
std::int64_t forget_dead(store::Transaction& tx, std::string_view application, base::Time before,
                         int limit);
std::int64_t forget_delivered(store::Transaction& tx, std::string_view application,
                              base::Time before, int limit);

std::int64_t count_deliveries(store::Transaction& tx, std::string_view application,
                              DeliveryState state);
/// Since when the oldest row of an application waits: since its event, or since its replay. If more
/// than a thousand wait, the oldest of those that are due first.
std::optional<base::Time> find_waiting_since(store::Transaction& tx, std::string_view application);

}  // namespace vestibule::events
