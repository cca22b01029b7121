#include "sessions/session_clients.h"

namespace vestibule::sessions {
namespace {

constexpr store::Statement insert_one{
    "session_clients.insert",
    "insert into session_clients (session_id, client_id, subject) values ($1, $2, $3) "
    "on conflict do nothing"};
constexpr store::Statement list_of_session{
    "session_clients.list",
    "select client_id from session_clients where session_id = $1 order by client_id"};
constexpr store::Statement queue_notices{
    "session_clients.queue",
    "insert into logout_notices (client_id, session_id, subject, created_at, due_at) "
    "select client_id, session_id, subject, $2, $2 from session_clients where session_id = $1"};
constexpr store::Statement delete_of_session{"session_clients.delete",
                                             "delete from session_clients where session_id = $1"};
// The same sessions, in the same order, as sessions.delete_expired.
constexpr store::Statement delete_of_expired{
    "session_clients.delete_expired",
    "delete from session_clients where session_id in (select id from sessions "
    "where expires_at <= $1 order by expires_at, id limit $2)"};

}  // namespace

void note_session_client(store::Transaction& tx, const base::SessionId& session,
                         base::ClientId client, std::string_view subject) {
  tx.execute(insert_one, session, client, subject);
}

std::vector<base::ClientId> list_session_clients(store::Transaction& tx,
                                                 const base::SessionId& session) {
  std::vector<base::ClientId> clients;
  auto rows = tx.query(list_of_session, session);
  while (rows.next()) clients.push_back(rows.id<base::ClientId>(0));
  return clients;
}

Queued queue_logout_notices(store::Transaction& tx, const base::SessionId& session,
                            base::Time now) {
  if (tx.execute(queue_notices, session, now) == 0) return Queued::no;
  tx.execute(delete_of_session, session);
  return Queued::yes;
}

void forget_expired_session_clients(store::Transaction& tx, base::Time now, int limit) {
  tx.execute(delete_of_expired, now, limit);
}

}  // namespace vestibule::sessions
