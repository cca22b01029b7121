#include "accounts/delete_user.h"
#include "events/audit.h"
#include "events/settled.h"
#include "guests/erasures.h"
#include "guests/guests.h"
#include "guests/hold.h"
#include "guests/merges.h"

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

// The one place from which users go, as many as UserGroup::size at once. erasure_test walks the
// whole schema to see that nothing stays that names them.
void Guests::erase_rows(store::Transaction& tx, std::span<const accounts::User> users,
                        EraseReason reason, base::Time now) const {
  const accounts::UserGroup group(users, &accounts::User::id);
  for (const auto& user : users) {
    if (on_erasure_) on_erasure_(tx, user, reason, now);
  }
  events::erase_details(tx, group.ids());
  sessions_.end_all(tx, group, now);
  events::forget_settled(tx, outbox_, group);
  forget_abandoned_merges(tx, group);
  accounts::delete_users(tx, users, to_string(reason), now);
  if (reason != EraseReason::merged) note_erasures(tx, users, to_string(reason), now);
}

base::Result<void> Guests::erase(store::Transaction& tx, const accounts::User& user,
                                 EraseReason reason, base::Time now) const {
  if (user.standing() == accounts::Standing::merging || is_merge_target(tx, user.id)) {
    return base::fail(base::ErrorKind::conflict, "merging",
                      "a merge of this user has to end first");
  }
  if (auto free = require_not_held(tx); !free) return free;
  const auto type = user.is_guest() ? events::guest_purged : events::user_deleted;
  erase_rows(tx, {&user, 1}, reason, now);
  events::record(tx, {.type = type, .user = user.id}, now);
  outbox_.add(tx, type, user.id,
              {{"sub", user.subject()}, {"reason", std::string(to_string(reason))}}, now);
  return {};
}

}  // namespace vestibule::guests
