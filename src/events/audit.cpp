#include "events/audit.h"

#include <algorithm>

#include "events/audit_sql.h"

namespace vestibule::events {
namespace {

std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

void record(store::Transaction& tx, const AuditEntry& entry, base::Time now) {
  tx.execute(sql::insert_audit, now, entry.type, entry.user, entry.actor, entry.client,
             unless_empty(entry.address), unless_empty(entry.detail));
}

std::vector<AuditLine> history(store::Transaction& tx, base::UserId user, int limit) {
  std::vector<AuditLine> lines;
  auto rows = tx.query(sql::audit_of_user, user, limit);
  while (rows.next()) {
    lines.push_back({.id = rows.integer(0),
                     .at = rows.time(1),
                     .type = std::string(rows.text(2)),
                     .actor = rows.optional_id<base::UserId>(3),
                     .client = rows.optional_id<base::ClientId>(4),
                     .detail = rows.optional_text(5).value_or("")});
  }
  std::ranges::reverse(lines);
  return lines;
}

void erase_details(store::Transaction& tx, base::UserId user) {
  tx.execute(sql::erase_audit_details, user);
}

std::int64_t forget_addresses(store::Transaction& tx, std::int64_t after, base::Time before,
                              int limit) {
  auto last = after;
  {
    auto rows = tx.query(sql::audit_after, after, limit);
    while (rows.next() && rows.time(1) < before) last = rows.integer(0);
  }
  if (last > after) tx.execute(sql::forget_audit_addresses, after, last);
  return last;
}

}  // namespace vestibule::events
