#include "jose/signing_key.h"

#include <openssl/evp.h>

#include <stdexcept>

#include "base/crypto.h"
#include "base/encoding.h"
#include "jose/openssl.h"
#include "jose/signature.h"

namespace vestibule::jose {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, token_types> type_names = {"JWT", "at+jwt", "logout+jwt",
                                                                  "token-introspection+jwt"};

}  // namespace

std::string_view to_string(TokenType type) {
  return type_names[static_cast<std::size_t>(type)];
}

SigningKey::SigningKey(Algorithm algorithm, PrivateKey key)
    : algorithm_(algorithm), key_(std::move(key)), kid_(key_.public_key().thumbprint()) {
  if (!key_.fits(algorithm)) throw std::logic_error("the key does not fit the algorithm");
  for (std::size_t i = 0; i < headers_.size(); ++i) {
    std::string header = R"({"alg":")";
    header.append(to_string(algorithm_)).append(R"(","kid":")").append(kid_);
    header.append(R"(","typ":")").append(type_names[i]).append("\"}");
    headers_[i] = base::to_base64url(header);
  }
}

std::string sign_compact(const SigningKey& key, std::string_view protected_header_b64,
                         std::string_view payload_json) {
  const std::string payload = base::to_base64url(payload_json);
  std::string token;
  token.reserve(protected_header_b64.size() + payload.size() + 400);
  token.append(protected_header_b64).append(".").append(payload);
  const std::string signature = sign(key.algorithm(), key.key(), token);
  return token.append(".").append(base::to_base64url(signature));
}

std::string sign_compact(const SigningKey& key, TokenType type, std::string_view payload_json) {
  return sign_compact(key, key.header(type), payload_json);
}

std::string left_half_hash(Algorithm algorithm, std::string_view ascii) {
  std::string digest(64, '\0');
  unsigned int length = 0;
  const EVP_MD* const md = algorithm == Algorithm::eddsa ? EVP_sha512() : EVP_sha256();
  openssl::require(
      EVP_Digest(ascii.data(), ascii.size(), openssl::bytes(digest), &length, md, nullptr),
      "EVP_Digest");
  return base::to_base64url(std::string_view(digest).substr(0, length / 2));
}

}  // namespace vestibule::jose
