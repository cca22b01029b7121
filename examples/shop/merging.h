#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "cart.h"
#include "store.h"

namespace vestibule::shop {

/// A guest signed in to an account they had already: what was `source`'s becomes `target`'s.
struct Merge {
  std::string_view merge_id;
  std::string_view source;
  std::string_view target;
};

/// Takes everything of the source over, remembers that the source has ended, and remembers the
/// merge by its id, so that the same merge told again changes nothing and is answered the same.
/// A target that has itself been merged away since is followed to where it went. Refused without
/// any change: `conflict` for a merge id that was used for other subs, or for a source or a target
/// that has been dropped; `invalid` for a merge of a sub into itself.
base::Result<void> take_over(Transaction& transaction, const Merge& merge, MergeRule cart_rule,
                             base::Time now);

/// Drops everything of `sub`, and remembers that it has ended. Dropping twice is dropping once.
void drop(Transaction& transaction, std::string_view sub, base::Time now);

}  // namespace vestibule::shop
