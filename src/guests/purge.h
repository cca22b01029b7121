#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

// Whom a purge would delete, read in snapshots: only the deleting (Guests::purge, which tests
// again) holds the writer.
namespace vestibule::guests {

/// The guests of one application that were last here before `cutoff`.
struct PurgeGroup {
  std::optional<base::ClientId> client;  ///< through which they were made; none: not known
  base::Time cutoff;
};

/// Where a walk over purgeable guests stands: after the last one that it returned.
struct PurgeCursor {
  std::int64_t guest_day = 0;
  base::UserId user;
};

/// Every application through which a guest that is still one was made, in the order of their ids;
/// first none, if there are guests of whom it is not known. A seek for each, however many guests
/// there are.
std::vector<std::optional<base::ClientId>> list_guest_clients(store::Transaction& tx);

/// The next `limit` guests of a group that purge would delete, in the order of their days, and
/// moves `cursor` behind them.
std::vector<base::UserId> find_purgeable(store::Transaction& tx, const PurgeGroup& group,
                                         PurgeCursor& cursor, int limit);

/// How many guests of a group purge would delete now.
std::int64_t count_purgeable(store::Transaction& tx, const PurgeGroup& group);

/// All users, whom a purge's share is measured against. It walks rows: for a snapshot, not the
/// writer.
std::int64_t count_users(store::Transaction& tx);

}  // namespace vestibule::guests
