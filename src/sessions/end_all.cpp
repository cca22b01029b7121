#include <utility>

#include "sessions/codes.h"
#include "sessions/device_codes.h"
#include "sessions/refresh.h"
#include "sessions/sessions.h"

namespace vestibule::sessions {
namespace {

const store::Statement delete_of_user{
    "sessions.end_all", "delete from sessions where user_id = $1 returning id, kind, rotated_at"};
const store::Statement delete_of_users{"sessions.end_all_of_users",
                                       "delete from sessions where user_id in " VESTIBULE_ID_GROUP
                                       " returning id, kind, rotated_at"};
const store::Statement delete_families{
    "refresh_families.erase_users",
    "delete from refresh_families where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_codes{
    "codes.erase_users", "delete from authorization_codes where user_id in " VESTIBULE_ID_GROUP};
const store::Statement delete_device_codes{
    "device_codes.erase_users", "delete from device_codes where user_id in " VESTIBULE_ID_GROUP};

struct Deleted {
  std::vector<base::SessionId> ended;  ///< those that a cookie or token may still name
  std::vector<base::SessionId> known_to_clients;
};

Deleted read_deleted(store::Rows rows, base::Time now) {
  Deleted deleted;
  while (rows.next()) {
    const auto id = rows.session_id(0);
    const bool gateway = static_cast<Kind>(rows.integer(1)) == Kind::gateway;
    if (!gateway) deleted.known_to_clients.push_back(id);
    // Purged guests mostly have one gateway session that has been left alone for weeks.
    if (!gateway || rows.time(2) + longest_token_life > now) deleted.ended.push_back(id);
  }
  return deleted;
}

}  // namespace

void Sessions::end_all(store::Transaction& tx, base::UserId user, base::Time now) const {
  auto deleted = read_deleted(tx.query(delete_of_user, user), now);
  erase_families(tx, user);
  erase_codes(tx, user);
  erase_device_codes(tx, user);
  note_all_ended(tx, std::move(deleted.ended), deleted.known_to_clients, now);
}

void Sessions::end_all(store::Transaction& tx, const store::IdGroup<base::UserId>& users,
                       base::Time now) const {
  auto deleted = read_deleted(users.query(tx, delete_of_users), now);
  users.execute(tx, delete_families);
  users.execute(tx, delete_codes);
  users.execute(tx, delete_device_codes);
  note_all_ended(tx, std::move(deleted.ended), deleted.known_to_clients, now);
}

void Sessions::note_all_ended(store::Transaction& tx, std::vector<base::SessionId> ended,
                              const std::vector<base::SessionId>& known_to_clients,
                              base::Time now) const {
  for (const auto& session : known_to_clients) queue_notices(tx, session, now);
  note_ended(tx, std::move(ended), now, Ending::replaced);
}

}  // namespace vestibule::sessions
