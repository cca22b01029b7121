#include "oauth/dpop.h"

#include <utility>

#include "base/crypto.h"
#include "base/encoding.h"
#include "jose/dpop_proof.h"
#include "oauth/uri.h"

namespace vestibule::oauth {
namespace {

using Kind = ProofRefusal::Kind;

/// RFC 9449 11.1 has servers limit it; a UUID has 36.
constexpr std::size_t longest_jti = 256;

std::unexpected<ProofRefusal> refuse(Kind kind, std::string_view detail) {
  return std::unexpected(ProofRefusal{kind, detail});
}

/// Check 11: made within an acceptable window, by the time in our nonce or by `iat`.
std::expected<void, ProofRefusal> check_time(const jose::DpopProof& proof,
                                             const std::optional<base::Time>& nonce_issued_at,
                                             base::Time now) {
  if (proof.expires_at && *proof.expires_at <= now) return refuse(Kind::stale, "expired");
  if (proof.not_before && *proof.not_before > now + proof_skew) {
    return refuse(Kind::from_the_future, "not_yet_valid");
  }
  if (nonce_issued_at) return {};
  if (proof.issued_at + proof_lifetime <= now) return refuse(Kind::stale, "stale");
  if (proof.issued_at > now + proof_skew) return refuse(Kind::from_the_future, "from_the_future");
  return {};
}

std::string use_of(const jose::DpopProof& proof, std::string_view target) {
  std::string text = proof.jkt;
  text.append("\n").append(target).append("\n").append(proof.jti);
  return base::sha256(text);
}

}  // namespace

std::expected<VerifiedProof, ProofRefusal> verify_proof(std::string_view text,
                                                        const ProofPolicy& policy,
                                                        const DpopNonces& nonces, base::Time now) {
  const auto proof = jose::read_dpop_proof(text, dpop_algorithms);
  if (!proof) return refuse(Kind::unreadable, jose::to_string(proof.error()));
  // 8. the htm claim matches the HTTP method of the current request.
  if (proof->htm != policy.method) return refuse(Kind::wrong_method, "wrong_method");
  // 9. the htu claim matches the HTTP URI value, ignoring any query and fragment parts.
  if (normalized_target(proof->htu) != policy.target) return refuse(Kind::wrong_uri, "wrong_uri");
  if (proof->jti.size() > longest_jti) return refuse(Kind::long_jti, "long_jti");
  // 10. if the server provided a nonce value to the client, the nonce claim matches it.
  std::optional<base::Time> nonce_issued_at;
  if (!proof->nonce.empty()) {
    nonce_issued_at = nonces.open(proof->nonce, now);
    if (!nonce_issued_at) return refuse(Kind::nonce_unknown, "nonce_unknown");
  } else if (policy.nonce == NonceRule::required) {
    return refuse(Kind::nonce_missing, "nonce_missing");
  }
  if (const auto timely = check_time(*proof, nonce_issued_at, now); !timely) {
    return std::unexpected(timely.error());
  }
  // 12. if presented with an access token, the ath claim equals the hash of that access token.
  if (policy.access_token && proof->ath != base::to_base64url(base::sha256(*policy.access_token))) {
    return refuse(Kind::wrong_token_hash, "wrong_token_hash");
  }
  return VerifiedProof{.jkt = proof->jkt,
                       .use = use_of(*proof, policy.target),
                       .good_until = nonce_issued_at ? *nonce_issued_at + nonce_lifetime
                                                     : proof->issued_at + proof_lifetime,
                       .nonce_issued_at = nonce_issued_at};
}

std::string dpop_algorithm_names() {
  std::string names;
  for (const auto algorithm : dpop_algorithms) {
    if (!names.empty()) names += ' ';
    names += jose::to_string(algorithm);
  }
  return names;
}

}  // namespace vestibule::oauth
