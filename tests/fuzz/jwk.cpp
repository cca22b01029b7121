// A key that is accepted has one spelling, one thumbprint, and comes back from PEM and JWK.
#include "fuzz.h"
#include "jose/key_set.h"

namespace vestibule::fuzz {
namespace {

void check_key(const jose::PublicKey& key) {
  const auto jwk = key.to_jwk();
  const auto again = jose::PublicKey::from_jwk(jwk);
  require(again && again->to_jwk() == jwk, "a key written as JWK is the same key");
  require(again->thumbprint() == key.thumbprint(), "a key has one thumbprint");
  const auto pem = jose::PublicKey::from_pem(key.to_pem());
  require(pem && pem->to_jwk() == jwk, "a key written as PEM is the same key");
}

}  // namespace

void run(std::string_view input) {
  if (const auto key = jose::PublicKey::from_jwk(input)) check_key(*key);
  if (const auto key = jose::PublicKey::from_pem(input)) check_key(*key);
  if (const auto key = jose::VerificationKey::from_jwk(input)) check_key(key->key);
  if (const auto key = jose::PrivateKey::from_jwk(base::Secret(std::string(input))))
    check_key(key->public_key());
  if (const auto key = jose::PrivateKey::from_der(base::Secret(std::string(input))))
    check_key(key->public_key());
  if (const auto keys = jose::KeySet::from_json(input)) {
    require(keys->keys().size() <= 100, "a set is small");
    const auto again = jose::KeySet::from_json(keys->to_json());
    require(again && again->to_json() == keys->to_json(), "a set written again is the same set");
  }
}

}  // namespace vestibule::fuzz
