#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "jose/algorithm.h"
#include "oauth/dpop_nonces.h"

namespace vestibule::oauth {

/// What proofs may be signed with. A proof's key is made for it, so nothing is lost by leaving out
/// RS256, which FAPI 2.0 does not allow.
inline constexpr std::array dpop_algorithms = {jose::Algorithm::es256, jose::Algorithm::ps256,
                                               jose::Algorithm::eddsa};

/// How old a proof without a nonce may be, and how far ahead its maker's clock (FAPI 2.0 Security
/// Profile section 5.3.2.1 asks for 10 s).
inline constexpr base::Seconds proof_lifetime{60};
inline constexpr base::Seconds proof_skew{10};

/// Whether a proof needs a nonce of ours. One that is there is checked either way.
enum class NonceRule : std::uint8_t { optional, required };

/// What a proof is held against.
struct ProofPolicy {
  std::string_view method;  ///< of the request
  std::string_view target;  ///< its public URI, as normalized_target writes it
  /// At a protected resource: the token that it comes with.
  std::optional<std::string_view> access_token = {};
  NonceRule nonce = NonceRule::optional;
};

/// Why a proof was refused, in the order of the checks; for logs, metrics and tests.
struct ProofRefusal {
  enum class Kind : std::uint8_t {
    unreadable,  ///< jose::read_dpop_proof says why in `detail`
    wrong_method,
    wrong_uri,
    long_jti,
    nonce_missing,
    nonce_unknown,  ///< not ours, or no longer good
    stale,
    from_the_future,
    wrong_token_hash,
  };
  Kind kind;
  std::string_view detail;  ///< the reason's own name

  /// Whether a fresh nonce is what the client lacks (`use_dpop_nonce`).
  bool wants_nonce() const { return kind == Kind::nonce_missing || kind == Kind::nonce_unknown; }
};

/// A proof that holds. To be accepted it must also be new (UsedProofs).
struct VerifiedProof {
  std::string jkt;  ///< RFC 7638 thumbprint of the key that was proved
  std::string use;  ///< what may be used once: a digest over key, target and `jti`
  base::Time good_until;
  std::optional<base::Time> nonce_issued_at = {};
};

/// RFC 9449 section 4.3 but for check 1 and the search for an earlier use. A nonce of ours says
/// when the proof was made, so `iat` is only judged without one. Pure.
std::expected<VerifiedProof, ProofRefusal> verify_proof(std::string_view proof,
                                                        const ProofPolicy& policy,
                                                        const DpopNonces& nonces, base::Time now);

/// `algs` of a challenge (RFC 9449 section 7.1): the algorithms, separated by spaces.
std::string dpop_algorithm_names();

}  // namespace vestibule::oauth
