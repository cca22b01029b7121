#include "events/audit.h"
#include "guests/guests.h"

namespace vestibule::guests {

std::string_view to_string(EraseReason reason) {
  switch (reason) {
    case EraseReason::purged:
      return "retention";
    case EraseReason::self:
      return "self";
    case EraseReason::merged:
      return "merged";
    case EraseReason::deleted:
      return "deleted";
  }
  throw std::logic_error("no such reason to erase a user");
}

void Guests::erase_rows(store::Transaction& tx, const accounts::User& user, EraseReason reason,
                        base::Time now) const {
  if (on_erasure_) on_erasure_(tx, user, reason, now);
  sessions_.end_all(tx, user.id, now);
  events::erase_details(tx, user.id);
  accounts::delete_user_rows(tx, user, to_string(reason), now);
}

base::Result<void> Guests::erase(store::Transaction& tx, const accounts::User& user,
                                 EraseReason reason, base::Time now) const {
  if (user.standing() == accounts::Standing::merging || is_merge_target(tx, user.id)) {
    return base::fail(base::ErrorKind::conflict, "merging",
                      "a merge of this user has to end first");
  }
  const auto type = user.is_guest() ? events::guest_purged : events::user_deleted;
  erase_rows(tx, user, reason, now);
  events::record(tx, {.type = type, .user = user.id}, now);
  outbox_.add(tx, type, user.id,
              {{"sub", user.subject()}, {"reason", std::string(to_string(reason))}}, now);
  return {};
}

}  // namespace vestibule::guests
