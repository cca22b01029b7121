#include "jose/jws.h"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/encoding.h"
#include "jose/signature.h"
#include "jose/strict_json.h"

namespace vestibule::jose {
namespace {

// RFC 7515 section 4.1.4 leaves the choice of key to the application: with a `kid` the key of that
// name, without one the only key that could have made the signature.
const VerificationKey* choose_key(const UnverifiedJws& jws, const KeySet& keys) {
  if (!jws.kid.empty()) return keys.find(jws.kid);
  const VerificationKey* only = nullptr;
  for (const auto& key : keys.keys()) {
    if (!key.permits(jws.algorithm)) continue;
    if (only != nullptr) return nullptr;
    only = &key;
  }
  return only;
}

}  // namespace

std::expected<UnverifiedJws, Rejection> parse_compact(std::string_view token) {
  const auto reject = [](Rejection reason) { return std::unexpected(reason); };
  if (token.size() > max_token_size) return reject(Rejection::too_large);
  // RFC 7515 7.1: BASE64URL(header) || '.' || BASE64URL(payload) || '.' || BASE64URL(signature)
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  if (first == last || token.find('.', first + 1) != last) {
    return reject(Rejection::not_three_parts);
  }
  auto header_text = base::from_base64url(token.substr(0, first));
  auto payload = base::from_base64url(token.substr(first + 1, last - first - 1));
  auto signature = base::from_base64url(token.substr(last + 1));
  if (!header_text || !payload || !signature) return reject(Rejection::not_base64url);

  const auto header = strict_json::parse_object(*header_text);
  if (!header) {
    return reject(header.error() == strict_json::Fault::duplicate_member
                      ? Rejection::header_duplicate_member
                      : Rejection::header_not_object);
  }
  if (!header->contains("alg")) return reject(Rejection::algorithm_missing);
  auto alg = strict_json::optional_string(*header, "alg");
  auto kid = strict_json::optional_string(*header, "kid");
  auto typ = strict_json::optional_string(*header, "typ");
  if (!alg || !kid || !typ) return reject(Rejection::header_malformed);
  const auto algorithm = parse_algorithm(*alg);
  if (!algorithm) return reject(Rejection::algorithm_unknown);
  // RFC 7515 4.1.11: an extension that is not understood makes the JWS invalid.
  if (header->contains("crit")) return reject(Rejection::critical_extension);
  const auto* jwk = header->if_contains("jwk");
  return UnverifiedJws{.algorithm = *algorithm,
                       .kid = std::move(*kid),
                       .typ = std::move(*typ),
                       .jwk = jwk == nullptr ? std::string() : boost::json::serialize(*jwk),
                       .signing_input = std::string(token.substr(0, last)),
                       .payload = std::move(*payload),
                       .signature = std::move(*signature)};
}

std::expected<std::string, Rejection> verify_jws(const UnverifiedJws& jws, const KeySet& keys,
                                                 const std::vector<Algorithm>& allowed) {
  if (std::ranges::find(allowed, jws.algorithm) == allowed.end()) {
    return std::unexpected(Rejection::algorithm_not_allowed);
  }
  const auto* key = choose_key(jws, keys);
  if (key == nullptr) return std::unexpected(Rejection::key_unknown);
  if (!key->permits(jws.algorithm)) return std::unexpected(Rejection::key_does_not_fit);
  if (!verify_signature(jws.algorithm, key->key, jws.signing_input, jws.signature)) {
    return std::unexpected(Rejection::signature_invalid);
  }
  return jws.payload;
}

}  // namespace vestibule::jose
