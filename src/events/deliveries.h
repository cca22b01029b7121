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

/// Where a row of the outbox stands.
enum class DeliveryState { waiting = 0, dead = 1, delivered = 2 };

/// A row of the outbox: one event on its way to one application.
struct Delivery {
  base::EventId id;
  std::string application;
  base::UserId user;
  std::string type;
  std::string payload;
  base::Time created_at;
  base::Time due_at;  ///< of a delivered one: when it was; of a dead one: when it was last tried
  int attempts = 0;
  DeliveryState state = DeliveryState::waiting;
  std::string last_error;
  base::Time leased_until;                      ///< also the lease's name: no two have the same
  std::optional<base::Time> replayed_at = {};   ///< when an operator sent it again
  std::optional<base::Time> delivered_at = {};  ///< the last time
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

/// `delay`, shortened by a random part of up to a half.
base::Milliseconds with_jitter(base::Milliseconds delay, base::Random& random);
/// The wait after the `attempts`-th failure, jitter included.
base::Milliseconds retry_delay(const RetryPolicy& policy, int attempts, base::Random& random);

/// Up to `limit` rows of an application that may be sent now: due, leased by nobody, and without an
/// older waiting row of the same user.
std::vector<Delivery> list_due(store::Transaction& tx, std::string_view application, base::Time now,
                               int limit);
/// When the next row that is not due yet will be.
std::optional<base::Time> find_next_due(store::Transaction& tx, std::string_view application,
                                        base::Time now);

/// Leases what list_due tells, for `lease`, in one statement: no other process sends these rows
/// until then. They come in the order in which they are to be sent.
std::vector<Delivery> claim_due(store::Transaction& tx, std::string_view application,
                                base::Time now, base::Milliseconds lease, int limit);
/// Gives a leased row back untouched; nothing happens if the lease has passed to another.
void give_back(store::Transaction& tx, const Delivery& delivery);
/// Ends every lease of an application: for a process that owns the store alone, at its start, so
/// that nothing waits for a process that has died.
void void_leases(store::Transaction& tx, std::string_view application);

/// What becomes of delivered rows.
enum class Delivered { kept, deleted };
/// Notes that a row was taken, whoever holds its lease by now.
void note_delivered(store::Transaction& tx, const Delivery& delivery, Delivered rows,
                    base::Time now);
/// Notes a failed attempt: the row waits again, its user's younger rows behind it, or is dead.
/// Nothing is noted if the lease has passed to another.
DeliveryState note_failure(store::Transaction& tx, const Delivery& delivery, std::string_view why,
                           const RetryPolicy& policy, base::Random& random, base::Time now);
/// Makes up to `limit` waiting rows of an application due now, the first to be due first: it has
/// answered again after an outage that had delayed them.
void hasten(store::Transaction& tx, std::string_view application, base::Time now, int limit);

}  // namespace vestibule::events
