#pragma once

#include <array>
#include <string>
#include <string_view>

#include "jose/key.h"

namespace vestibule::jose {

/// What a signed token is, as its `typ` header says (RFC 8725 section 3.11), so that one kind can
/// never be passed off as another.
enum class TokenType : std::uint8_t {
  jwt,            ///< `JWT`: ID tokens (OpenID Connect Core)
  access_token,   ///< `at+jwt` (RFC 9068)
  logout_token,   ///< `logout+jwt` (OpenID Connect Back-Channel Logout)
  introspection,  ///< `token-introspection+jwt` (RFC 9701)
};
inline constexpr std::size_t token_types = 4;
std::string_view to_string(TokenType type);

/// A private key together with the algorithm and key id it signs under. The protected header of
/// each token type is encoded once, at construction.
class SigningKey {
 public:
  /// The key id is the RFC 7638 thumbprint. Throws std::logic_error if `algorithm` does not fit.
  SigningKey(Algorithm algorithm, PrivateKey key);

  const std::string& kid() const { return kid_; }
  Algorithm algorithm() const { return algorithm_; }
  const PrivateKey& key() const { return key_; }
  /// base64url of `{"alg":…,"kid":…,"typ":…}`.
  const std::string& header(TokenType type) const {
    return headers_[static_cast<std::size_t>(type)];
  }

 private:
  Algorithm algorithm_;
  PrivateKey key_;
  std::string kid_;
  std::array<std::string, token_types> headers_;
};

/// JWS compact serialisation (RFC 7515 section 7.1) of `payload_json` under a protected header that
/// is already base64url: `header.payload.signature`.
std::string sign_compact(const SigningKey& key, std::string_view protected_header_b64,
                         std::string_view payload_json);

/// The same under the key's own header for `type`.
std::string sign_compact(const SigningKey& key, TokenType type, std::string_view payload_json);

/// `at_hash` and `c_hash` (OpenID Connect Core sections 3.1.3.6 and 3.3.2.11): base64url of the
/// left half of the hash that belongs to `algorithm` (SHA-512 for EdDSA, else SHA-256).
std::string left_half_hash(Algorithm algorithm, std::string_view ascii);

}  // namespace vestibule::jose
