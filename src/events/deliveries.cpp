#include "events/deliveries.h"

#include <algorithm>
#include <tuple>

#include "events/deliveries_sql.h"
#include "events/outbox.h"
#include "events/read_delivery.h"

namespace vestibule::events {
namespace {

/// No lease is longer, whatever the options say of it.
constexpr base::Milliseconds longest_lease = std::chrono::minutes(10);

bool is_exhausted(const Delivery& delivery, int attempts, const RetryPolicy& policy,
                  base::Time now) {
  return delivery.type != guest_merge_requested && attempts >= policy.min_attempts &&
         now - delivery.replayed_at.value_or(delivery.created_at) >= policy.give_up_after;
}

}  // namespace

std::vector<Delivery> read_deliveries(store::Rows rows) {
  std::vector<Delivery> deliveries;
  while (rows.next()) {
    deliveries.push_back({.id = rows.id<base::EventId>(0),
                          .application = std::string(rows.text(1)),
                          .user = rows.id<base::UserId>(2),
                          .type = std::string(rows.text(3)),
                          .payload = std::string(rows.text(4)),
                          .created_at = rows.time(5),
                          .due_at = rows.time(6),
                          .attempts = static_cast<int>(rows.integer(7)),
                          .state = static_cast<DeliveryState>(rows.integer(8)),
                          .last_error = rows.optional_text(9).value_or(""),
                          .leased_until = rows.time(10),
                          .replayed_at = rows.optional_time(11),
                          .delivered_at = rows.optional_time(12)});
  }
  return deliveries;
}

base::Milliseconds with_jitter(base::Milliseconds delay, base::Random& random) {
  const auto bytes = base::random_bytes(random, 2);
  const auto fraction = (static_cast<unsigned char>(bytes[0]) << 8 |
                         static_cast<unsigned char>(bytes[1]));  // of 65,536
  return delay - delay * fraction / (2 * 65'536);
}

base::Milliseconds retry_delay(const RetryPolicy& policy, int attempts, base::Random& random) {
  auto delay = policy.first;
  for (int i = 1; i < attempts && delay < policy.longest; ++i) delay *= 2;
  return with_jitter(std::min(delay, policy.longest), random);
}

std::vector<Delivery> list_due(store::Transaction& tx, std::string_view application, base::Time now,
                               int limit) {
  return read_deliveries(
      tx.query(sql::due_deliveries, application, now, now + longest_lease, limit));
}

std::optional<base::Time> find_next_due(store::Transaction& tx, std::string_view application,
                                        base::Time now) {
  auto rows = tx.query(sql::next_due, application, now);
  return rows.next() ? rows.optional_time(0) : std::nullopt;
}

std::vector<Delivery> claim_due(store::Transaction& tx, std::string_view application,
                                base::Time now, base::Milliseconds lease, int limit) {
  const auto until = now + std::min(lease, longest_lease);
  auto claimed = read_deliveries(
      tx.query(sql::claim_deliveries, application, now, now + longest_lease, limit, until));
  // What an update returns is in no order.
  std::ranges::sort(claimed, {}, [](const Delivery& row) { return std::tie(row.due_at, row.id); });
  return claimed;
}

void give_back(store::Transaction& tx, const Delivery& delivery) {
  tx.execute(sql::give_back_delivery, delivery.id, delivery.leased_until);
}

void void_leases(store::Transaction& tx, std::string_view application) {
  tx.execute(sql::void_leases, application);
}

void note_delivered(store::Transaction& tx, const Delivery& delivery, Delivered rows,
                    base::Time now) {
  if (rows == Delivered::deleted) {
    tx.execute(sql::delete_delivery, delivery.id);
  } else {
    tx.execute(sql::delivery_delivered, delivery.id, now);
  }
}

DeliveryState note_failure(store::Transaction& tx, const Delivery& delivery, std::string_view why,
                           const RetryPolicy& policy, base::Random& random, base::Time now) {
  const int attempts = delivery.attempts + 1;
  const bool dead = is_exhausted(delivery, attempts, policy, now);
  const auto state = dead ? DeliveryState::dead : DeliveryState::waiting;
  const auto due = dead ? now : now + retry_delay(policy, attempts, random);
  const bool ours = tx.execute(sql::delivery_failed, delivery.id, delivery.leased_until, attempts,
                               due, static_cast<int>(state), why) == 1;
  if (!ours) return DeliveryState::waiting;
  if (!dead) {
    tx.execute(sql::delay_followers, delivery.application, delivery.user, delivery.id, due);
  }
  return state;
}

void hasten(store::Transaction& tx, std::string_view application, base::Time now, int limit) {
  tx.execute(sql::hasten, application, now, limit);
}

}  // namespace vestibule::events
