#include <algorithm>
#include <array>
#include <tuple>

#include "guests/guests.h"
#include "guests/purge_sql.h"

namespace vestibule::guests {
namespace {

/// As many ids as sql::purge_users takes.
constexpr std::size_t group = 16;

/// A guest day is older than the cutoff if it began before it. Counting from its beginning loses
/// nobody: the last activity, which is exact, has to be older too.
std::int64_t first_young_day(base::Time cutoff) {
  const auto day = accounts::GuestDay::of(cutoff);
  return day.number() + (base::Time{day.day} < cutoff ? 1 : 0);
}

std::vector<accounts::User> delete_guests(store::Transaction& tx,
                                          std::span<const base::UserId> candidates,
                                          base::Time cutoff) {
  std::array<base::UserId, group> ids;
  ids.fill(candidates.front());
  std::ranges::copy(candidates, ids.begin());
  auto rows = std::apply(
      [&](auto... id) {
        return tx.query(sql::purge_users, first_young_day(cutoff), cutoff, id...);
      },
      ids);
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

std::vector<base::UserId> Guests::find_purgeable(store::Transaction& tx, base::Time cutoff,
                                                 PurgeCursor& cursor, int limit) {
  std::vector<base::UserId> found;
  auto rows = tx.query(sql::purgeable, first_young_day(cutoff), cutoff, cursor.guest_day,
                       cursor.user, limit);
  while (rows.next()) {
    found.push_back(rows.id<base::UserId>(0));
    cursor = {.guest_day = rows.integer(1), .user = found.back()};
  }
  return found;
}

std::int64_t Guests::count_purgeable(store::Transaction& tx, base::Time cutoff) {
  auto rows = tx.query(sql::count_purgeable, first_young_day(cutoff), cutoff);
  rows.next();
  return rows.integer(0);
}

std::int64_t Guests::count_users(store::Transaction& tx) {
  auto rows = tx.query(sql::count_users);
  rows.next();
  return rows.integer(0);
}

int Guests::purge(store::Transaction& tx, std::span<const base::UserId> candidates,
                  base::Time cutoff, base::Time now) const {
  int count = 0;
  while (!candidates.empty()) {
    const auto some = candidates.first(std::min(group, candidates.size()));
    candidates = candidates.subspan(some.size());
    for (const auto& user : delete_guests(tx, some, cutoff)) {
      erase_rows(tx, user, EraseReason::purged, now);
      outbox_.add(
          tx, events::guest_purged, user.id,
          {{"sub", user.subject()}, {"reason", std::string(to_string(EraseReason::purged))}}, now);
      ++count;
    }
  }
  return count;
}

int Guests::purge(store::Transaction& tx, base::Time cutoff, int limit, base::Time now) const {
  PurgeCursor cursor;
  const auto candidates = find_purgeable(tx, cutoff, cursor, limit);
  return purge(tx, candidates, cutoff, now);
}

}  // namespace vestibule::guests
