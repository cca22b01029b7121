#include "sessions/sessions.h"

#include <utility>

#include "sessions/codes.h"
#include "sessions/device_codes.h"
#include "sessions/pushed_requests.h"
#include "sessions/refresh.h"
#include "sessions/session_clients.h"

namespace vestibule::sessions {
namespace {

const store::Statement insert_session{
    "sessions.insert",
    "insert into sessions (id, user_id, kind, generation, created_at, rotated_at, expires_at, "
    "auth_time, amr, actor_id, parent_id) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"};

const store::Statement select_session{
    "sessions.find",
    "select id, user_id, kind, generation, created_at, rotated_at, expires_at, auth_time, amr, "
    "actor_id, parent_id from sessions where id = $1 and expires_at > $2"};

// The whole of the hot path: of two callers with one handle, one gets the row.
const store::Statement rotate_session{
    "sessions.rotate",
    "update sessions set generation = generation + 1, rotated_at = $3, expires_at = $4 "
    "where id = $1 and generation = $2 and expires_at > $3 "
    "returning id, user_id, kind, generation, created_at, rotated_at, expires_at, auth_time, amr, "
    "actor_id, parent_id"};

const store::Statement delete_session{"sessions.end",
                                      "delete from sessions where id = $1 returning user_id, kind"};
const store::Statement delete_children{
    "sessions.end_children",
    "delete from sessions where user_id = $1 and parent_id = $2 returning id"};
const store::Statement delete_expired_sessions{
    "sessions.delete_expired",
    "delete from sessions where id in (select id from sessions where expires_at <= $1 "
    "order by expires_at, id limit $2)"};

const store::Statement insert_ended{
    "sessions.insert_ended",
    "insert into ended_sessions (id, ended_at) values ($1, $2) on conflict (id) do nothing"};
const store::Statement select_ended{"sessions.has_ended",
                                    "select 1 from ended_sessions where id = $1"};
const store::Statement delete_ended{
    "sessions.forget_ended",
    "delete from ended_sessions where id in (select id from ended_sessions where ended_at < $1 "
    "order by ended_at limit $2)"};

std::optional<Session> read_session(store::Rows rows) {
  if (!rows.next()) return std::nullopt;
  Session session{.id = rows.session_id(0),
                  .user = rows.id<base::UserId>(1),
                  .kind = static_cast<Kind>(rows.integer(2)),
                  .generation = static_cast<std::uint32_t>(rows.integer(3)),
                  .created_at = rows.time(4),
                  .rotated_at = rows.time(5),
                  .expires_at = rows.time(6),
                  .auth_time = rows.optional_time(7),
                  .amr = std::string(rows.text(8)),
                  .actor = rows.optional_id<base::UserId>(9),
                  .parent = std::nullopt};
  if (!rows.is_null(10)) session.parent = rows.session_id(10);
  return session;
}

}  // namespace

Rotation judge_replaced(std::uint32_t presented, std::uint32_t current, base::Time rotated_at,
                        base::Time now) {
  if (presented == 0 || presented >= current) return Rotation::unknown;
  const bool in_grace = now < rotated_at + rotation_grace && rotated_at < now + rotation_grace;
  return presented + 1 == current && in_grace ? Rotation::successor : Rotation::reused;
}

void Sessions::insert(store::Transaction& tx, const Session& session) const {
  tx.execute(insert_session, session.id, session.user, std::to_underlying(session.kind),
             session.generation, session.created_at, session.rotated_at, session.expires_at,
             session.auth_time, session.amr, session.actor, session.parent);
}

std::optional<Session> Sessions::find(store::Transaction& tx, base::SessionId id,
                                      base::Time now) const {
  return read_session(tx.query(select_session, id, now));
}

RotationResult Sessions::rotate(store::Transaction& tx, base::SessionId id,
                                std::uint32_t generation, base::Time now,
                                base::Time new_expiry) const {
  if (auto session = read_session(tx.query(rotate_session, id, generation, now, new_expiry))) {
    return {Rotation::rotated, std::move(session)};
  }
  auto session = find(tx, id, now);
  if (!session) return {};
  const Rotation outcome =
      judge_replaced(generation, session->generation, session->rotated_at, now);
  switch (outcome) {
    case Rotation::successor:
      return {outcome, std::move(session)};
    case Rotation::reused:
      end(tx, id, now);
      return {outcome, std::move(session)};
    case Rotation::rotated:
    case Rotation::unknown:
      break;
  }
  return {};
}

void Sessions::end(store::Transaction& tx, base::SessionId id, base::Time now,
                   Ending ending) const {
  std::optional<base::UserId> user;
  bool known_to_clients = false;
  if (auto rows = tx.query(delete_session, id); rows.next()) {
    user = rows.id<base::UserId>(0);
    known_to_clients = static_cast<Kind>(rows.integer(1)) == Kind::provider;
  }
  if (!user) return;
  std::vector<base::SessionId> ended{id};
  {
    auto rows = tx.query(delete_children, *user, id);
    while (rows.next()) ended.push_back(rows.session_id(0));
  }
  for (const auto& one : ended) {
    erase_families(tx, *user, one);
    erase_codes(tx, *user, one);
  }
  if (known_to_clients) queue_notices(tx, id, now);
  note_ended(tx, std::move(ended), now, ending);
}

void Sessions::queue_notices(store::Transaction& tx, const base::SessionId& session,
                             base::Time now) const {
  const auto queued = queue_logout_notices(tx, session, now);
  if (queued == Queued::yes && on_notices_) tx.after_commit(on_notices_);
}

bool Sessions::has_ended(store::Transaction& tx, base::SessionId id) const {
  return tx.query(select_ended, id).next();
}

void Sessions::note_ended(store::Transaction& tx, std::vector<base::SessionId> ids, base::Time now,
                          Ending ending) const {
  if (ids.empty()) return;
  for (const auto& id : ids) tx.execute(insert_ended, id, now);
  tx.after_commit(
      [&ended = ended_, ids = std::move(ids), now, ending] { ended.add(ids, now, ending); });
}

Sessions::More Sessions::forget_ended(store::Transaction& tx, base::Time ended_before,
                                      int limit) const {
  return tx.execute(delete_ended, ended_before, limit) < limit ? More::no : More::yes;
}

Sessions::More Sessions::delete_expired(store::Transaction& tx, base::Time now, int limit) const {
  forget_expired_session_clients(tx, now, limit);
  const auto sessions = tx.execute(delete_expired_sessions, now, limit);
  const auto families = delete_expired_families(tx, now, limit);
  const auto codes = delete_expired_codes(tx, now, limit);
  const auto revocations = delete_expired_revocations(tx, now, limit);
  const auto pushed = delete_expired_pushed_requests(tx, now, limit);
  const auto devices = delete_expired_device_codes(tx, now, limit);
  const bool done = sessions < limit && families < limit && codes < limit && revocations < limit &&
                    pushed < limit && devices < limit;
  return done ? More::no : More::yes;
}

}  // namespace vestibule::sessions
