#pragma once

#include "events/outbox.h"
#include "guests/erasures.h"
#include "guests/guests.h"

namespace vestibule::guests {

/// What a store that went back to a backup had forgotten about one erasure.
enum class Replayed {
  known,      ///< nothing: it is older than the backup
  forgotten,  ///< the user was made after it: its id is marked as used, its alias written
  erased,     ///< the user was back, and is gone again; applications are told once more
};

/// Carries an erasure of the log out again, before deletions are held and anybody is let in. A
/// merge that had been done is done again under its old id: the alias is there, and who took part
/// is taken at its word. Open merges that had ended otherwise are abandoned.
Replayed replay_erasure(store::Transaction& tx, const Guests& guests, const events::Outbox& outbox,
                        const Erasure& erasure, base::Time now);

}  // namespace vestibule::guests
