#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vestibule::jose {

/// The signature algorithms Vestibule speaks (RFC 7518 section 3.1, RFC 8037 section 3.1). There is
/// no `none` and no HMAC, so neither can be asked for, configured or confused with a public key.
enum class Algorithm : std::uint8_t { es256, rs256, ps256, eddsa };

/// The kinds of key behind them: P-256, RSA and Ed25519.
enum class KeyType : std::uint8_t { ec_p256, rsa, ed25519 };

/// The `alg` value: `ES256`, `RS256`, `PS256`, `EdDSA`.
std::string_view to_string(Algorithm algorithm);

/// The exact inverse of to_string; nullopt for every other spelling.
std::optional<Algorithm> parse_algorithm(std::string_view name);

/// The kind of key that `algorithm` needs.
constexpr KeyType key_type_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::es256:
      return KeyType::ec_p256;
    case Algorithm::eddsa:
      return KeyType::ed25519;
    case Algorithm::rs256:
    case Algorithm::ps256:
      break;
  }
  return KeyType::rsa;
}

}  // namespace vestibule::jose
