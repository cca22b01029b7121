#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "store/transaction.h"

namespace vestibule::recovery {

/// The store's epoch: empty until a backup is restored, then a word that no restore makes twice.
/// It goes into every key that seals what leaves the process (keys::PurposeKeys::begin_epoch), so
/// that cookies, tickets and opaque tokens of before open no more.
std::string find_epoch(store::Transaction& tx);

/// Above everything that may have been given out in what was lost.
struct Floors {
  base::Time user_ids;      ///< no id of a time up to this is given out again
  std::int64_t events = 0;  ///< nor an event's number up to this
};

/// Makes the restored store another one than that whose history it has: sessions, refresh families,
/// codes of every kind, pushed requests, mail links and idempotency keys are void, tokens made
/// before `now` dead, and ids go on above the floors. What people and service accounts chose or
/// were given to keep stays: passwords, personal access tokens, clients.
void begin_epoch(store::Transaction& tx, const Floors& floors, base::Random& random,
                 base::Time now);

}  // namespace vestibule::recovery
