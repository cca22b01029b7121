#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "store/transaction.h"

namespace vestibule::events {

/// Where a row of the outbox stands; a delivered one is deleted.
enum class DeliveryState { waiting = 0, dead = 1 };

/// A row of the outbox: one event on its way to one application.
struct Delivery {
  base::EventId id;
  std::string application;
  base::UserId user;
  std::string type;
  std::string payload;
  base::Time created_at;
  base::Time due_at;
  int attempts = 0;
  DeliveryState state = DeliveryState::waiting;
  std::string last_error;
};

/// How failures are repeated: after 1 s, 2 s, 4 s … up to an hour, each shortened by a random part
/// of up to a half. A row dies when it has failed `min_attempts` times and is `give_up_after` old;
/// a merge request never does, because a merge is never dropped.
struct RetryPolicy {
  base::Milliseconds first{1'000};
  base::Milliseconds longest{3'600'000};
  int min_attempts = 16;
  base::Milliseconds give_up_after{72LL * 3600 * 1000};
};

/// The wait after the `attempts`-th failure, jitter included.
base::Milliseconds retry_delay(const RetryPolicy& policy, int attempts, base::Random& random);

/// Up to `limit` rows of an application that may be sent now, none of which has an older waiting
/// row of the same user.
std::vector<Delivery> list_due(store::Transaction& tx, std::string_view application, base::Time now,
                               int limit);
/// When the next row that is not due yet will be.
std::optional<base::Time> find_next_due(store::Transaction& tx, std::string_view application,
                                        base::Time now);
void delete_delivery(store::Transaction& tx, base::EventId id);
/// Notes a failed attempt: the row waits again, its user's younger rows behind it, or is dead.
DeliveryState note_failure(store::Transaction& tx, const Delivery& delivery, std::string_view why,
                           const RetryPolicy& policy, base::Random& random, base::Time now);

/// Dead rows of an application, oldest first, beginning after `after`.
std::vector<Delivery> list_dead(store::Transaction& tx, std::string_view application,
                                base::EventId after, int limit);
/// Makes a dead row due now with its attempts forgotten; false if there is no such dead row. The
/// dispatcher finds it at its next wake().
bool replay(store::Transaction& tx, base::EventId id, base::Time now);
/// Deletes dead rows that were last tried before `before`; at most `limit`, returns how many.
std::int64_t forget_dead(store::Transaction& tx, std::string_view application, base::Time before,
                         int limit);
/// For metrics.
std::int64_t count_deliveries(store::Transaction& tx, std::string_view application,
                              DeliveryState state);

}  // namespace vestibule::events
