#include "events/deliveries.h"

#include <algorithm>

#include "events/deliveries_sql.h"
#include "events/outbox.h"

namespace vestibule::events {
namespace {

std::vector<Delivery> read_all(store::Rows rows) {
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
                          .last_error = rows.optional_text(9).value_or("")});
  }
  return deliveries;
}

bool is_exhausted(const Delivery& delivery, int attempts, const RetryPolicy& policy,
                  base::Time now) {
  return delivery.type != guest_merge_requested && attempts >= policy.min_attempts &&
         now - delivery.created_at >= policy.give_up_after;
}

}  // namespace

base::Milliseconds retry_delay(const RetryPolicy& policy, int attempts, base::Random& random) {
  auto delay = policy.first;
  for (int i = 1; i < attempts && delay < policy.longest; ++i) delay *= 2;
  delay = std::min(delay, policy.longest);
  const auto bytes = base::random_bytes(random, 2);
  const auto fraction = (static_cast<unsigned char>(bytes[0]) << 8 |
                         static_cast<unsigned char>(bytes[1]));  // of 65,536
  return delay - delay * fraction / (2 * 65'536);
}

std::vector<Delivery> list_due(store::Transaction& tx, std::string_view application, base::Time now,
                               int limit) {
  return read_all(tx.query(sql::due_deliveries, application, now, limit));
}

std::optional<base::Time> find_next_due(store::Transaction& tx, std::string_view application,
                                        base::Time now) {
  auto rows = tx.query(sql::next_due, application, now);
  return rows.next() ? rows.optional_time(0) : std::nullopt;
}

void delete_delivery(store::Transaction& tx, base::EventId id) {
  tx.execute(sql::delete_delivery, id);
}

DeliveryState note_failure(store::Transaction& tx, const Delivery& delivery, std::string_view why,
                           const RetryPolicy& policy, base::Random& random, base::Time now) {
  const int attempts = delivery.attempts + 1;
  const bool dead = is_exhausted(delivery, attempts, policy, now);
  const auto state = dead ? DeliveryState::dead : DeliveryState::waiting;
  const auto due = dead ? now : now + retry_delay(policy, attempts, random);
  tx.execute(sql::delivery_failed, delivery.id, attempts, due, static_cast<int>(state), why);
  if (!dead) {
    tx.execute(sql::delay_followers, delivery.application, delivery.user, delivery.id, due);
  }
  return state;
}

std::vector<Delivery> list_dead(store::Transaction& tx, std::string_view application,
                                base::EventId after, int limit) {
  return read_all(tx.query(sql::dead_deliveries, application, after, limit));
}

bool replay(store::Transaction& tx, base::EventId id, base::Time now) {
  return tx.execute(sql::replay_delivery, id, now) == 1;
}

std::int64_t forget_dead(store::Transaction& tx, std::string_view application, base::Time before,
                         int limit) {
  return tx.execute(sql::forget_dead, application, before, limit);
}

std::int64_t count_deliveries(store::Transaction& tx, std::string_view application,
                              DeliveryState state) {
  auto rows = tx.query(sql::count_waiting, application, static_cast<int>(state));
  rows.next();
  return rows.integer(0);
}

}  // namespace vestibule::events
