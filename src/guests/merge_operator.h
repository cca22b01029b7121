#pragma once

#include <string_view>

#include "base/result.h"
#include "events/outbox.h"
#include "guests/merge.h"

// What an operator may do to an open merge. Neither deletes anybody.
namespace vestibule::guests {

/// Longest reason, in bytes.
inline constexpr std::size_t longest_reason = 500;

/// The requests that still wait for an application are due now, with their attempts forgotten, and
/// so is what waits there before them. Errors: not_found `unknown_merge`; conflict `merge_done`,
/// `merge_abandoned`.
base::Result<Merge> retry_merge(store::Transaction& tx, const events::Outbox& outbox,
                                base::MergeId id, base::Time now);

/// The merge is given up: nothing is deleted by it and no alias written; its source is what it was
/// before (a guest that purge takes after its retention; its sessions stay dead), its target is
/// free to be deleted or merged. The requests that wait are withdrawn, and the applications that
/// hold data are told `guest.merge_abandoned`, whether they had acknowledged or not. Again: the
/// same merge with its first reason. Errors: not_found `unknown_merge`; conflict `merge_done`;
/// invalid `reason` (empty, longer than longest_reason, or with control characters).
base::Result<Merge> abandon_merge(store::Transaction& tx, const events::Outbox& outbox,
                                  base::MergeId id, std::string_view reason, base::Time now);

}  // namespace vestibule::guests
