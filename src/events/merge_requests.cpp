#include "events/merge_requests.h"

#include "events/deliveries_sql.h"
#include "events/outbox.h"
#include "events/read_delivery.h"

namespace vestibule::events {
namespace {

const store::Statement newest_of_type{
    "outbox.newest_of_type",
    "select " VESTIBULE_DELIVERY_COLUMNS
    " from outbox where application = $1 and user_id = $2 and type = $3 order by id desc limit 1"};

// `+ 0`: see outbox_sql.h.
const store::Statement hasten_of_user{"outbox.hasten_of_user",
                                      "update outbox set due_at = $3, attempts = 0"
                                      " where application = $1 and user_id = $2 and state + 0 = 0"};

}  // namespace

std::optional<Delivery> find_merge_request(store::Transaction& tx, std::string_view application,
                                           base::UserId source) {
  auto found =
      read_deliveries(tx.query(newest_of_type, application, source, guest_merge_requested));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

void hasten_user(store::Transaction& tx, std::string_view application, base::UserId user,
                 base::Time now) {
  tx.execute(hasten_of_user, application, user, now);
}

}  // namespace vestibule::events
