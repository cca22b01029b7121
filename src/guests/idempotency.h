#pragma once

#include <cstdint>

#include "base/clock.h"
#include "store/transaction.h"

namespace vestibule::guests {

/// Forgets up to `limit` idempotency keys that have outlived `idempotency_lifetime`; returns how
/// many.
std::int64_t forget_idempotency_keys(store::Transaction& tx, base::Time now, int limit);

}  // namespace vestibule::guests
