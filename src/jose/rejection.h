#pragma once

#include <cstdint>
#include <string_view>

namespace vestibule::jose {

/// Why a token was not accepted: one enumerator per reason, in the order of the checks. For logs,
/// metrics and tests; a caller outside is told no more than `invalid_token`.
enum class Rejection : std::uint8_t {
  too_large,                 ///< above max_token_size
  not_three_parts,           ///< not `header.payload.signature`
  not_base64url,             ///< a part is not canonical unpadded base64url
  header_not_object,         ///< the header is not one JSON object
  header_duplicate_member,   ///< RFC 7515 section 4: names must be unique
  header_malformed,          ///< a known header parameter has the wrong type
  algorithm_missing,         ///< no `alg`
  algorithm_unknown,         ///< `alg` is none, an HMAC or anything else we do not speak
  critical_extension,        ///< `crit` is present: we understand no extension
  algorithm_not_allowed,     ///< the caller's policy does not permit `alg`
  key_unknown,               ///< no key of that `kid`, or no `kid` and not exactly one candidate
  key_does_not_fit,          ///< the key is of another kind or bound to another algorithm
  header_key_missing,        ///< a proof of possession without `jwk`
  header_key_unusable,       ///< its `jwk` is private, malformed, too weak or of an unknown kind
  signature_invalid,         ///< the signature does not verify
  wrong_type,                ///< `typ` is not what the policy asks for
  payload_not_object,        ///< the payload is not one JSON object
  payload_duplicate_member,  ///< RFC 7519 section 4: claim names must be unique
  claim_malformed,           ///< a registered claim has the wrong type or is out of range
  claim_missing,             ///< a proof lacks one of its claims
  issuer_missing,
  wrong_issuer,
  subject_missing,
  audience_missing,
  wrong_audience,
  expiry_missing,
  expired,           ///< now is on or after `exp` plus the skew
  not_yet_valid,     ///< now is before `nbf` less the skew
  issued_in_future,  ///< `iat` is later than now plus the skew
};

/// The enumerator's own name.
std::string_view to_string(Rejection reason);

}  // namespace vestibule::jose
