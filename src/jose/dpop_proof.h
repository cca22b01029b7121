#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "jose/algorithm.h"
#include "jose/rejection.h"

namespace vestibule::jose {

/// Larger than any proof with an RSA key of 4096 bits and a generous nonce.
inline constexpr std::size_t max_proof_size = 8 * 1024;

/// A DPoP proof (RFC 9449 section 4.2) that its sender has signed with the key in its header.
/// Nothing in it has been compared with the request, the clock or earlier proofs.
struct DpopProof {
  std::string jkt;  ///< RFC 7638 thumbprint of the key
  std::string jti;
  std::string htm;
  std::string htu;
  base::Time issued_at{};
  std::optional<base::Time> not_before = {};
  std::optional<base::Time> expires_at = {};
  std::string ath = {};    ///< empty if absent
  std::string nonce = {};  ///< empty if absent
};

/// RFC 9449 section 4.3, checks 2 to 7: a well-formed JWT with every required claim, `typ`
/// dpop+jwt, an algorithm of `allowed`, and the signature by the public key that its header
/// carries. RSA keys above 4096 bits are refused, because anybody may send one. Pure.
std::expected<DpopProof, Rejection> read_dpop_proof(std::string_view token,
                                                    std::span<const Algorithm> allowed);

}  // namespace vestibule::jose
