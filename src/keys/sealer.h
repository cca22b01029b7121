#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "keys/purpose_keys.h"

namespace vestibule::keys {

/// Seals values that leave the process and come back (cookies, form tokens): base64url(key id,
/// 2 bytes ‖ AES-256-GCM) under the purpose's key of the day. Thread-safe.
class Sealer {
 public:
  Sealer(PurposeKeys& keys, base::Random& random) : keys_(keys), random_(random) {}

  /// `purpose` chooses the keys; `associated` is authenticated and not contained.
  std::string seal(std::string_view purpose, std::string_view associated, std::string_view plain,
                   base::Time now) const;

  /// The plain text of what seal made not longer than `max_age` ago (to the day); nullopt for
  /// anything else, without a reason.
  std::optional<std::string> open(std::string_view purpose, std::string_view associated,
                                  std::string_view value, base::Time now,
                                  base::Milliseconds max_age) const;

 private:
  PurposeKeys& keys_;
  base::Random& random_;
};

}  // namespace vestibule::keys
