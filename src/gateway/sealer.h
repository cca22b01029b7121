#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "keys/purpose_keys.h"
#include "keys/sealer.h"

namespace vestibule::gateway {

/// What a sealed value is for. Each purpose has keys of its own, so that a value in another one's
/// place opens to nothing.
enum class Purpose { session, refresh, ticket, login, choice, work };

/// Seals cookie values and challenges (keys/sealer.h). The associated data are purpose, cookie name
/// (of a challenge: its ticket's session) and origin, so that a value works in one place only.
/// Thread-safe.
class Sealer {
 public:
  /// `origin` is the application's public origin.
  Sealer(keys::PurposeKeys& keys, std::string origin, base::Random& random)
      : sealer_(keys, random), origin_(std::move(origin)) {}

  std::string seal(Purpose purpose, std::string_view cookie, std::string_view plain,
                   base::Time now) const;
  /// The plain text of what seal made not longer than `max_age` ago (to the day); nullopt for
  /// anything else, without a reason.
  std::optional<std::string> open(Purpose purpose, std::string_view cookie, std::string_view value,
                                  base::Time now, base::Milliseconds max_age) const;

 private:
  std::string associated_data(Purpose purpose, std::string_view cookie) const;

  keys::Sealer sealer_;
  std::string origin_;
};

}  // namespace vestibule::gateway
