#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "store/transaction.h"

// After a restored backup nobody is deleted until an operator says so (design.md section 4): the
// store may be older than what the applications know, and who seems abandoned may have come back
// since.
namespace vestibule::guests {

/// Since when deletions are held; none: they are not.
std::optional<base::Time> held_since(store::Transaction& tx);
void hold_deletions(store::Transaction& tx, base::Time now);
/// Ends the hold. Merges that every application has acknowledged meanwhile are the caller's to
/// finish, by Guests::acknowledge.
void release_deletions(store::Transaction& tx);

/// Conflict `deletions_held` while they are.
base::Result<void> require_not_held(store::Transaction& tx);

}  // namespace vestibule::guests
