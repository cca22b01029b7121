#include "guests/purge.h"

#include <algorithm>

#include "accounts/delete_user.h"
#include "events/audit.h"
#include "guests/guests.h"
#include "guests/hold.h"
#include "guests/purge_sql.h"

namespace vestibule::guests {
namespace {

using accounts::UserGroup;

/// A guest day is older than the cutoff if it began before it. Counting from its beginning loses
/// nobody: the last activity, which is exact, has to be older too.
std::int64_t first_young_day(base::Time cutoff) {
  const auto day = accounts::GuestDay::of(cutoff);
  return day.number() + (base::Time{day.day} < cutoff ? 1 : 0);
}

base::ClientId column_of(const PurgeGroup& group) {
  return group.client.value_or(base::ClientId{});
}

std::vector<accounts::User> delete_guests(store::Transaction& tx, const UserGroup& candidates,
                                          base::Time cutoff) {
  auto rows = candidates.query(tx, sql::purge_users, first_young_day(cutoff), cutoff);
  std::vector<accounts::User> purged;
  while (rows.next()) {
    accounts::User& user = purged.emplace_back();
    user.id = rows.id<base::UserId>(0);
    user.organization = rows.id<base::OrganizationId>(1);
    user.chosen_subject = rows.optional_text(2);
    user.username = rows.optional_text(3);
    user.email = rows.optional_text(4);
  }
  return purged;
}

}  // namespace

std::vector<std::optional<base::ClientId>> list_guest_clients(store::Transaction& tx) {
  std::vector<std::optional<base::ClientId>> clients;
  for (base::ClientId last{-1};;) {
    auto rows = tx.query(sql::next_guest_client, last);
    if (!rows.next()) return clients;
    last = rows.id<base::ClientId>(0);
    clients.push_back(last.value == 0 ? std::nullopt : std::optional(last));
  }
}

std::vector<base::UserId> find_purgeable(store::Transaction& tx, const PurgeGroup& group,
                                         PurgeCursor& cursor, int limit) {
  std::vector<base::UserId> found;
  const auto from = cursor;
  const auto read = [&](store::Rows rows) {
    while (rows.next()) {
      found.push_back(rows.id<base::UserId>(0));
      cursor = {.guest_day = rows.integer(1), .user = found.back()};
    }
  };
  const auto young = first_young_day(group.cutoff);
  read(tx.query(sql::purgeable_of_day, column_of(group), young, group.cutoff, from.guest_day,
                from.user, limit));
  const int rest = limit - static_cast<int>(found.size());
  if (rest == 0) return found;
  read(tx.query(sql::purgeable_after_day, column_of(group), young, group.cutoff, from.guest_day,
                rest));
  return found;
}

std::int64_t count_purgeable(store::Transaction& tx, const PurgeGroup& group) {
  auto rows =
      tx.query(sql::count_purgeable, column_of(group), first_young_day(group.cutoff), group.cutoff);
  rows.next();
  return rows.integer(0);
}

std::int64_t count_users(store::Transaction& tx) {
  auto rows = tx.query(sql::count_users);
  rows.next();
  return rows.integer(0);
}

int Guests::purge(store::Transaction& tx, std::span<const base::UserId> candidates,
                  base::Time cutoff, base::Time now) const {
  int count = 0;
  if (held_since(tx)) return count;
  while (!candidates.empty()) {
    const auto some = candidates.first(std::min(UserGroup::size, candidates.size()));
    candidates = candidates.subspan(some.size());
    const auto purged = delete_guests(tx, UserGroup(some), cutoff);
    if (purged.empty()) continue;
    erase_rows(tx, purged, EraseReason::purged, now);
    for (const auto& user : purged) {
      events::record(tx, {.type = events::guest_purged, .user = user.id}, now);
      outbox_.add(
          tx, events::guest_purged, user.id,
          {{"sub", user.subject()}, {"reason", std::string(to_string(EraseReason::purged))}}, now);
    }
    count += static_cast<int>(purged.size());
  }
  return count;
}

}  // namespace vestibule::guests
