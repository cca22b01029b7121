#include "sessions/logout_notices.h"

namespace vestibule::sessions {
namespace {

#define VESTIBULE_NOTICE_COLUMNS "id, client_id, session_id, subject, created_at, due_at, attempts"

constexpr store::Statement select_due{
    "logout_notices.due", "select " VESTIBULE_NOTICE_COLUMNS
                          " from logout_notices where due_at <= $1 order by due_at, id limit $2"};
constexpr store::Statement select_next{"logout_notices.next",
                                       "select min(due_at) from logout_notices where due_at > $1"};
constexpr store::Statement select_one{
    "logout_notices.find", "select " VESTIBULE_NOTICE_COLUMNS " from logout_notices where id = $1"};
constexpr store::Statement select_untried{
    "logout_notices.untried",
    "select 1 from logout_notices where session_id = $1 and attempts = 0 limit 1"};
constexpr store::Statement delay_one{
    "logout_notices.delay",
    "update logout_notices set attempts = attempts + 1, due_at = $2 where id = $1"};
constexpr store::Statement delete_one{"logout_notices.delete",
                                      "delete from logout_notices where id = $1"};

#undef VESTIBULE_NOTICE_COLUMNS

LogoutNotice read_notice(const store::Rows& rows) {
  return {.id = rows.integer(0),
          .client = rows.id<base::ClientId>(1),
          .session = rows.session_id(2),
          .subject = std::string(rows.text(3)),
          .created_at = rows.time(4),
          .due_at = rows.time(5),
          .attempts = static_cast<int>(rows.integer(6))};
}

}  // namespace

std::vector<LogoutNotice> list_due_notices(store::Transaction& tx, base::Time now, int limit) {
  std::vector<LogoutNotice> due;
  auto rows = tx.query(select_due, now, limit);
  while (rows.next()) due.push_back(read_notice(rows));
  return due;
}

std::optional<base::Time> find_next_notice(store::Transaction& tx, base::Time now) {
  auto rows = tx.query(select_next, now);
  if (!rows.next()) return std::nullopt;
  return rows.optional_time(0);
}

std::optional<LogoutNotice> find_notice(store::Transaction& tx, std::int64_t id) {
  auto rows = tx.query(select_one, id);
  if (!rows.next()) return std::nullopt;
  return read_notice(rows);
}

bool has_untried_notice(store::Transaction& tx, const base::SessionId& session) {
  return tx.query(select_untried, session).next();
}

void delay_notice(store::Transaction& tx, std::int64_t id, base::Time due_at) {
  tx.execute(delay_one, id, due_at);
}

void delete_notice(store::Transaction& tx, std::int64_t id) {
  tx.execute(delete_one, id);
}

}  // namespace vestibule::sessions
