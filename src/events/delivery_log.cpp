#include "events/delivery_log.h"

#include <limits>

#include "events/delivery_log_sql.h"
#include "events/read_delivery.h"

namespace vestibule::events {
namespace {

/// A filter as parameters of VESTIBULE_DELIVERY_FILTER.
struct Parameters {
  explicit Parameters(const DeliveryFilter& filter)
      : state(filter.state ? static_cast<int>(*filter.state) : -1),
        user(filter.user.value_or(base::UserId{})),
        since(filter.since.value_or(base::from_milliseconds(0))),
        until(filter.until.value_or(
            base::from_milliseconds(std::numeric_limits<std::int64_t>::max()))) {}
  int state;
  base::UserId user;
  base::Time since;
  base::Time until;
};

}  // namespace

std::vector<Delivery> list_deliveries(store::Transaction& tx, const DeliveryFilter& filter,
                                      int limit) {
  const Parameters with{filter};
  return read_deliveries(tx.query(sql::list_deliveries, filter.application, with.state, with.user,
                                  with.since, with.until, limit));
}

std::vector<base::EventId> list_replayable(store::Transaction& tx, const DeliveryFilter& filter,
                                           base::EventId after, int limit) {
  const Parameters with{filter};
  std::vector<base::EventId> ids;
  auto rows = tx.query(sql::list_replayable, filter.application, with.state, with.user, with.since,
                       with.until, after, limit);
  while (rows.next()) ids.push_back(rows.id<base::EventId>(0));
  return ids;
}

bool replay(store::Transaction& tx, base::EventId id, base::Time now) {
  return tx.execute(sql::replay_delivery, id, now) == 1;
}

std::int64_t forget_dead(store::Transaction& tx, std::string_view application, base::Time before,
                         int limit) {
  return tx.execute(sql::forget_deliveries, application, static_cast<int>(DeliveryState::dead),
                    before, limit);
}

std::int64_t forget_delivered(store::Transaction& tx, std::string_view application,
                              base::Time before, int limit) {
  return tx.execute(sql::forget_deliveries, application, static_cast<int>(DeliveryState::delivered),
                    before, limit);
}

std::int64_t count_deliveries(store::Transaction& tx, std::string_view application,
                              DeliveryState state) {
  auto rows = tx.query(sql::count_deliveries, application, static_cast<int>(state));
  rows.next();
  return rows.integer(0);
}

std::optional<base::Time> find_waiting_since(store::Transaction& tx, std::string_view application) {
  auto rows = tx.query(sql::waiting_since, application);
  return rows.next() ? rows.optional_time(0) : std::nullopt;
}

}  // namespace vestibule::events
