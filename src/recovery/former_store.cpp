#include "recovery/former_store.h"

#include <limits>

#include "accounts/users_sql.h"
#include "store/backup.h"

namespace vestibule::recovery {
namespace {

// The migrations that made the tables.
constexpr int first_with_seals = 5;
constexpr int first_with_erasures = 7;

void read(store::Transaction& tx, FormerStore& former) {
  former.floors.events = store::last_number(tx, "outbox");
  if (auto rows = tx.query(accounts::sql::highest_id); rows.next() && !rows.is_null(0)) {
    former.floors.user_ids = base::decompose(rows.id<base::UserId>(0)).time;
  }
  const auto schema = store::schema_version(tx);
  if (schema >= first_with_seals) {
    if (const auto seal = events::find_last_seal(tx)) {
      former.audit_head = events::AuditHead::of(*seal);
    }
  }
  if (schema < first_with_erasures) return;
  for (auto& [number, erasure] : guests::list_erasures(tx, std::numeric_limits<int>::max())) {
    former.erasures.push_back(std::move(erasure));
  }
}

}  // namespace

FormerStore read_former_store(const std::filesystem::path& database) {
  FormerStore former;
  try {
    store::inspect_database(database, [&](store::Transaction& tx) { read(tx, former); });
  } catch (const std::exception& error) {
    former.unreadable = error.what();
  }
  return former;
}

}  // namespace vestibule::recovery
