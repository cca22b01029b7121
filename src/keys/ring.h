#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jose/key_set.h"
#include "jose/signing_key.h"

namespace vestibule::keys {

class KeyRing;      // key_ring.h
class PurposeKeys;  // purpose_keys.h

/// How long others may keep the published key set: the `max-age` of the JWKS endpoint.
inline constexpr base::Seconds jwks_max_age{300};

/// The life of a signing key. Per algorithm there is one current key and at most one next.
enum class UseState : std::uint8_t {
  next = 0,      ///< published, so that everybody knows it before it signs
  current = 1,   ///< signs
  previous = 2,  ///< published until the last token it may have signed has expired
};
std::string_view to_string(UseState state);

/// One signing key as the store knows it, without its private half.
struct RingKey {
  std::string kid;
  jose::Algorithm algorithm;
  UseState state;
  jose::PublicKey key;
  base::Time created_at;                   ///< which is when it was first published
  std::optional<base::Time> activated_at;  ///< set once it signs
  std::optional<base::Time> retire_after;  ///< set once it is previous
};

/// An immutable picture of all signing keys.
class Ring {
 public:
  Ring() = default;
  /// `signers` are the private halves of the current keys.
  Ring(std::vector<RingKey> keys, std::vector<jose::SigningKey> signers);

  /// The key that signs under `algorithm` now; null if there is none.
  const jose::SigningKey* signer(jose::Algorithm algorithm) const;
  /// A published key; null if there is none of that id.
  const RingKey* find(std::string_view kid) const;
  /// The key of `algorithm` in a state that one key at most can be in; null if there is none.
  const RingKey* find(jose::Algorithm algorithm, UseState state) const;
  const std::vector<RingKey>& keys() const { return keys_; }

  /// Everything that is published, for verifying our own tokens.
  const jose::KeySet& verification_keys() const { return key_set_; }
  /// The body of the JWKS endpoint, encoded once.
  const std::string& jwks_json() const { return jwks_json_; }

 private:
  std::vector<RingKey> keys_;
  std::vector<jose::SigningKey> signers_;
  jose::KeySet key_set_;
  std::string jwks_json_;
};

}  // namespace vestibule::keys
