#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/secret.h"
#include "keys/master_key.h"

namespace vestibule::keys {

/// A derived key and the name it is found by again: the day it is for, as four hexadecimal digits
/// of days since 1970.
struct PurposeKey {
  std::string id;
  base::Secret key;
};

/// One derived key per purpose and UTC day, for cookies and other sealed handles. Nothing is
/// stored: a key is derived again when it is asked for. Thread-safe.
class PurposeKeys {
 public:
  explicit PurposeKeys(MasterKey master) : master_(std::move(master)) {}

  /// Other keys from here on: nothing opens that was sealed before a backup was restored. `epoch`
  /// is what the restore wrote into the store (recovery/epoch.h); empty: there was none. At start,
  /// before the first key is asked for.
  void begin_epoch(std::string epoch) { epoch_ = std::move(epoch); }

  /// The key to seal with now. `purpose` is a constant of the caller's, such as `session-cookie`.
  PurposeKey current(std::string_view purpose, base::Time now);

  /// The key that something was sealed with, as long as the last thing sealed with it may live:
  /// its day has ended less than `max_age` ago. nullopt for a retired or future day and for
  /// anything that is not an id. Tomorrow's key is found five minutes early, so that a node whose
  /// clock is ahead does not sign its visitors out.
  std::optional<base::Secret> find(std::string_view purpose, std::string_view id, base::Time now,
                                   base::Milliseconds max_age);

 private:
  using Day = std::uint16_t;
  base::Secret get(std::string_view purpose, Day day);

  const MasterKey master_;
  std::string epoch_;
  std::shared_mutex mutex_;
  std::map<std::pair<std::string, Day>, base::Secret, std::less<>> cache_;
};

}  // namespace vestibule::keys
