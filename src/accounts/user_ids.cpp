#include <algorithm>

#include "accounts/users.h"
#include "accounts/users_sql.h"

namespace vestibule::accounts {
namespace {

constexpr unsigned sequence_bits = 12;
constexpr std::uint64_t sequence_mask = (1U << sequence_bits) - 1U;

// A position of the generator: milliseconds since 1970 and the sequence within them.
std::uint64_t position(base::Time time, std::uint64_t sequence) {
  return (static_cast<std::uint64_t>(base::to_milliseconds(time)) << sequence_bits) | sequence;
}

base::Time time_of(std::uint64_t position) {
  return base::from_milliseconds(static_cast<std::int64_t>(position >> sequence_bits));
}

}  // namespace

void UserIds::load(store::Store& store) {
  const auto highest = store.read([](store::Transaction& tx) {
    auto rows = tx.query(sql::highest_id);
    return rows.next() ? rows.optional_id<base::UserId>(0) : std::nullopt;
  });
  if (!highest) return;
  const auto parts = base::decompose(*highest);
  const std::uint64_t seen =
      position(parts.time, parts.cell == cell_ ? parts.sequence : sequence_mask);
  std::uint64_t last = last_.load();
  while (last < seen && !last_.compare_exchange_weak(last, seen)) {
  }
}

base::UserId UserIds::next(base::Time now) {
  std::uint64_t last = last_.load();
  std::uint64_t mine = 0;
  do {
    mine = std::max(last + 1, position(now, 0));
  } while (!last_.compare_exchange_weak(last, mine));
  return base::compose_user_id({.time = time_of(mine),
                                .cell = cell_,
                                .sequence = static_cast<unsigned>(mine & sequence_mask)});
}

bool UserIds::may_come(base::UserId id, base::Time now) const {
  const std::uint64_t last = last_.load();
  const base::Time reached = last == 0 ? now : std::min(now, time_of(last));
  return base::decompose(id).time > reached - id_margin;
}

}  // namespace vestibule::accounts
