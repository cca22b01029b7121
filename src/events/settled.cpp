#include "events/settled.h"

namespace vestibule::events {
namespace {

const store::Statement delete_settled{
    "outbox.forget_settled",
    "delete from outbox where application = $33 and user_id in " VESTIBULE_ID_GROUP
    " and state <> 0"};

}  // namespace

void forget_settled(store::Transaction& tx, const Outbox& outbox,
                    const store::IdGroup<base::UserId>& users) {
  for (const auto& application : outbox.applications()) {
    if (!application.webhook_url.empty()) users.execute(tx, delete_settled, application.name);
  }
}

}  // namespace vestibule::events
