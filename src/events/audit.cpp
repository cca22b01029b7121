#include "events/audit.h"

#include <algorithm>
#include <array>

#include "base/random.h"
#include "events/audit_commitment.h"
#include "events/audit_sql.h"
#include "store/id_group.h"

namespace vestibule::events {
namespace {

std::optional<std::string_view> unless_empty(std::string_view text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> salt_for(std::string_view text) {
  if (text.empty()) return std::nullopt;
  base::SystemRandom random;
  return base::random_bytes(random, audit_salt_size);
}

std::optional<store::Blob> blob(const std::optional<std::string>& bytes) {
  return bytes ? std::optional(store::Blob{*bytes}) : std::nullopt;
}

/// What is to be forgotten of one line: the commitments that take its place.
struct Forgotten {
  std::int64_t line = 0;
  std::optional<std::string> address = {};
  std::optional<std::string> detail = {};
};

/// The commitment to a text with its salt in the column after it; none if there is no text.
std::optional<std::string> commitment_at(const store::Rows& rows, PersonalKind kind, int column) {
  if (rows.is_null(column)) return std::nullopt;
  const auto salt = rows.is_null(column + 1) ? std::string_view() : rows.blob(column + 1);
  return commit_to(kind, salt, rows.text(column));
}

/// Reads id, address, its salt, detail, its salt.
std::vector<Forgotten> read_personal(store::Rows rows) {
  std::vector<Forgotten> lines;
  while (rows.next()) {
    lines.push_back({.line = rows.integer(0),
                     .address = commitment_at(rows, PersonalKind::address, 1),
                     .detail = commitment_at(rows, PersonalKind::detail, 3)});
  }
  return lines;
}

void forget(store::Transaction& tx, const std::vector<Forgotten>& lines) {
  for (const auto& [line, address, detail] : lines) {
    if (address) tx.execute(sql::forget_audit_address, line, blob(address));
    if (detail) tx.execute(sql::forget_audit_detail, line, blob(detail));
  }
}

}  // namespace

void record(store::Transaction& tx, const AuditEntry& entry, base::Time now) {
  const auto address_salt = salt_for(entry.address);
  const auto detail_salt = salt_for(entry.detail);
  tx.execute(sql::insert_audit, now, entry.type, entry.user, entry.actor, entry.client,
             unless_empty(entry.address), unless_empty(entry.detail), unless_empty(entry.outcome),
             blob(address_salt), blob(detail_salt));
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
  erase_details(tx, std::array{user});
}

void erase_details(store::Transaction& tx, std::span<const base::UserId> users) {
  using Group = store::IdGroup<base::UserId>;
  while (!users.empty()) {
    const auto some = users.first(std::min(Group::size, users.size()));
    users = users.subspan(some.size());
    forget(tx, read_personal(Group(some).query(tx, sql::personal_of_users)));
  }
}

std::int64_t forget_addresses(store::Transaction& tx, std::int64_t after, base::Time before,
                              int limit) {
  auto last = after;
  {
    auto rows = tx.query(sql::audit_after, after, limit);
    while (rows.next() && rows.time(1) < before) last = rows.integer(0);
  }
  if (last > after) forget(tx, read_personal(tx.query(sql::addresses_between, after, last)));
  return last;
}

}  // namespace vestibule::events
