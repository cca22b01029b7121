#include "guests/hold.h"

#include "accounts/organizations.h"
#include "base/ids.h"

namespace vestibule::guests {
namespace {

constexpr std::string_view held_key = "guests.deletions_held_since";

}  // namespace

std::optional<base::Time> held_since(store::Transaction& tx) {
  const auto text = accounts::find_meta(tx, held_key);
  const auto since = text ? base::from_decimal(*text) : std::nullopt;
  if (!since || *since == 0) return std::nullopt;
  return base::from_milliseconds(*since);
}

void hold_deletions(store::Transaction& tx, base::Time now) {
  accounts::set_meta(tx, held_key, base::to_decimal(base::to_milliseconds(now)));
}

void release_deletions(store::Transaction& tx) {
  accounts::set_meta(tx, held_key, base::to_decimal(0));
}

base::Result<void> require_not_held(store::Transaction& tx) {
  const auto since = held_since(tx);
  if (!since) return {};
  return base::fail(base::ErrorKind::conflict, "deletions_held",
                    "nobody is deleted since the backup was restored at " +
                        base::to_rfc3339(*since) + "; when all is well: vestibule restore release");
}

}  // namespace vestibule::guests
