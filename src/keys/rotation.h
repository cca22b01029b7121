#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "keys/ring.h"

namespace vestibule::keys {

/// When keys change.
struct RotationPolicy {
  /// Age at which a current key is replaced by schedule.
  base::Seconds rotate_every = std::chrono::days(90);
  /// How long a key is published before it may sign by schedule. Above jwks_max_age.
  base::Seconds publish_ahead = std::chrono::days(1);
  /// The longest life of a token, after which a previous key is of no use to anybody.
  base::Seconds longest_token{43'199};
  /// Added to that: clocks that differ, and nodes that sign with a picture which is not the latest.
  base::Seconds skew{300};

  /// Error: `rotation_policy`, with the offending setting as field.
  base::Result<void> check() const;
};

/// Why a rotation happens. By schedule it waits for publish_ahead; an operator's takes place at
/// once.
enum class RotationCause : std::uint8_t { schedule, by_operator };

/// Whether the key that signs now had been published for publish_ahead. If not, verifiers that
/// cache the key set without asking again for an unknown `kid` refuse new tokens for a while.
enum class Publication : std::uint8_t { long_enough, too_short };

/// What a rotation did.
struct Rotation {
  jose::Algorithm algorithm;
  std::string previous_kid;  ///< signed until now
  std::string current_kid;   ///< signs from now on
  std::string next_kid;      ///< published from now on
  base::Time retire_after;   ///< until when previous_kid stays published
  Publication publication;
  base::Milliseconds published_for;  ///< how long current_kid had been published
};

}  // namespace vestibule::keys
