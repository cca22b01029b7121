#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// The identifier of an assertion that is good for one use.
struct OneTimeAssertion {
  std::string id_hash;      ///< SHA-256 of its `jti`
  base::Time expires_at{};  ///< nobody accepts it from then on
};

/// Uses the client's assertion up. False if it was used before.
bool consume_assertion(store::Transaction& tx, base::ClientId client,
                       const OneTimeAssertion& assertion);

/// Forgets at most `limit` that have expired, and says how many.
std::int64_t delete_expired_assertions(store::Transaction& tx, base::Time now, int limit);

}  // namespace vestibule::oauth
