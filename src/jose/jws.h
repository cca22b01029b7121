#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "jose/key_set.h"
#include "jose/rejection.h"

namespace vestibule::jose {

/// No token that Vestibule reads is longer; cookies and headers are far below it.
inline constexpr std::size_t max_token_size = 16 * 1024;

/// A compact JWS that has been taken apart and not verified: nothing in it may be believed.
/// `jku`, `x5c` and `x5u` in its header are never looked at; `jwk` chooses no key and is kept for a
/// DPoP proof, which says nothing but that its sender holds that key.
struct UnverifiedJws {
  Algorithm algorithm;
  std::string kid;            ///< empty if absent
  std::string typ;            ///< empty if absent; as sent
  std::string jwk;            ///< JSON of any kind; empty if absent
  std::string signing_input;  ///< the bytes under the signature: `header.payload`
  std::string payload;        ///< decoded
  std::string signature;      ///< decoded
};

/// RFC 7515 section 5.2, steps 1 to 7.
std::expected<UnverifiedJws, Rejection> parse_compact(std::string_view token);

/// RFC 7515 section 5.2, step 8: the payload, once the signature by a key of `keys` verifies.
/// `alg` must be in `allowed`, fit the key and be the one that the key is bound to.
std::expected<std::string, Rejection> verify_jws(const UnverifiedJws& jws, const KeySet& keys,
                                                 const std::vector<Algorithm>& allowed);

}  // namespace vestibule::jose
