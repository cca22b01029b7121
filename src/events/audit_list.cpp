#include "events/audit_list.h"

#include <algorithm>

namespace vestibule::events {
namespace {

constexpr store::Statement all_lines{
    "audit.list",
    "select " VESTIBULE_AUDIT_COLUMNS
    " from audit where at >= $1 and ($2 = '' or type = $2) order by id desc limit $3"};

constexpr store::Statement lines_of_user{
    "audit.list_user", "select " VESTIBULE_AUDIT_COLUMNS
                       " from audit where user_id = $4 and at >= $1 and ($2 = '' or type = $2)"
                       " order by id desc limit $3"};

std::vector<AuditRow> read_all(store::Rows rows) {
  std::vector<AuditRow> lines;
  while (rows.next()) lines.push_back(read_row(rows));
  std::ranges::reverse(lines);
  return lines;
}

}  // namespace

std::vector<AuditRow> list_audit(store::Transaction& tx, const AuditFilter& filter) {
  const auto& [user, type, since, limit] = filter;
  if (user) return read_all(tx.query(lines_of_user, since, type, limit, *user));
  return read_all(tx.query(all_lines, since, type, limit));
}

}  // namespace vestibule::events
