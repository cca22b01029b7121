#include "jose/dpop_proof.h"

#include <openssl/evp.h>

#include <algorithm>

#include "jose/claim_reader.h"
#include "jose/jws.h"
#include "jose/key.h"
#include "jose/signature.h"
#include "jose/strict_json.h"
#include "jose/typ.h"

namespace vestibule::jose {
namespace {

constexpr std::string_view proof_type = "dpop+jwt";
constexpr int max_rsa_bits = 4096;

/// Checks 4 to 7, in the order of what they cost.
std::expected<PublicKey, Rejection> verify_own_key(const UnverifiedJws& jws,
                                                   std::span<const Algorithm> allowed) {
  if (!is_type(jws.typ, proof_type)) return std::unexpected(Rejection::wrong_type);
  if (std::ranges::find(allowed, jws.algorithm) == allowed.end()) {
    return std::unexpected(Rejection::algorithm_not_allowed);
  }
  if (jws.jwk.empty()) return std::unexpected(Rejection::header_key_missing);
  // It refuses a key with private members (check 7).
  auto key = PublicKey::from_jwk(jws.jwk);
  if (!key || EVP_PKEY_get_bits(key->native()) > max_rsa_bits) {
    return std::unexpected(Rejection::header_key_unusable);
  }
  if (!key->fits(jws.algorithm)) return std::unexpected(Rejection::key_does_not_fit);
  if (!verify_signature(jws.algorithm, *key, jws.signing_input, jws.signature)) {
    return std::unexpected(Rejection::signature_invalid);
  }
  return std::move(*key);
}

std::expected<DpopProof, Rejection> read_claims(std::string_view payload) {
  const auto object = strict_json::parse_object(payload);
  if (!object) {
    return std::unexpected(object.error() == strict_json::Fault::duplicate_member
                               ? Rejection::payload_duplicate_member
                               : Rejection::payload_not_object);
  }
  DpopProof proof;
  std::optional<base::Time> issued_at;
  ClaimReader reader(*object);
  reader.text("jti", proof.jti);
  reader.text("htm", proof.htm);
  reader.text("htu", proof.htu);
  reader.time("iat", issued_at);
  reader.time("nbf", proof.not_before);
  reader.time("exp", proof.expires_at);
  reader.text("ath", proof.ath);
  reader.text("nonce", proof.nonce);
  if (reader.malformed) return std::unexpected(Rejection::claim_malformed);
  if (proof.jti.empty() || proof.htm.empty() || proof.htu.empty() || !issued_at) {
    return std::unexpected(Rejection::claim_missing);
  }
  proof.issued_at = *issued_at;
  return proof;
}

}  // namespace

std::expected<DpopProof, Rejection> read_dpop_proof(std::string_view token,
                                                    std::span<const Algorithm> allowed) {
  if (token.size() > max_proof_size) return std::unexpected(Rejection::too_large);
  const auto jws = parse_compact(token);
  if (!jws) return std::unexpected(jws.error());
  const auto key = verify_own_key(*jws, allowed);
  if (!key) return std::unexpected(key.error());
  auto proof = read_claims(jws->payload);
  if (proof) proof->jkt = key->thumbprint();
  return proof;
}

}  // namespace vestibule::jose
