#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jose/key.h"

namespace vestibule::jose {

/// A public key as a JWK Set publishes it.
struct VerificationKey {
  std::string kid;
  std::optional<Algorithm> algorithm;  ///< when set, the only one this key is used with
  PublicKey key;

  /// One JWK with its `kid` (empty if absent) and `alg`. Errors as PublicKey::from_jwk, and
  /// `key_not_supported` for an `alg` that does not fit the key.
  static base::Result<VerificationKey> from_jwk(std::string_view json);
  /// With `alg`, `kid` and `use: sig` in front of the key's own members.
  std::string to_jwk() const;
  bool permits(Algorithm a) const { return key.fits(a) && (!algorithm || *algorithm == a); }
};

/// The keys that may have signed a token. Immutable once built; a few keys, found by a scan.
class KeySet {
 public:
  KeySet() = default;
  explicit KeySet(std::vector<VerificationKey> keys) : keys_(std::move(keys)) {}

  /// A JWK Set (RFC 7517 section 5). Entries that we cannot use (other types, uses, sizes) are
  /// ignored as the RFC asks; private members anywhere make the whole set an error
  /// (`jwks_private`), as does anything that is not an object with a `keys` array
  /// (`jwks_malformed`). At most 100 keys.
  static base::Result<KeySet> from_json(std::string_view json);
  /// `{"keys":[…]}`.
  std::string to_json() const;

  /// The key of that id; an empty `kid` finds nothing.
  const VerificationKey* find(std::string_view kid) const;
  const std::vector<VerificationKey>& keys() const { return keys_; }

 private:
  std::vector<VerificationKey> keys_;
};

}  // namespace vestibule::jose
