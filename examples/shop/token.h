#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "jwks.h"

namespace vestibule::shop {

/// Who is asking, as far as the shop is concerned: a `sub`. Whether that is a guest or an account
/// is nobody's business here. The rest is only for showing the token to its owner.
struct Identity {
  std::string sub;
  std::string header;  ///< the verified JOSE header, JSON
  std::string claims;  ///< the verified claims, JSON
};

/// What the shop demands of an access token (RFC 9068 section 4).
struct TokenPolicy {
  std::string issuer;    ///< `iss`, byte for byte
  std::string audience;  ///< must be among `aud`: a token made for another application is no use
};

/// This is all that a backend behind Vestibule has to do with identity: verify an ordinary JWT.
/// The signature must be by a key that the issuer publishes and by an algorithm of a fixed list
/// (ES256, RS256, EdDSA), `typ` must be `at+jwt` so that an ID token is not taken for an access
/// token, `iss` and `aud` must be ours, `exp` ahead and `nbf` past, with five seconds of skew.
/// Pure but for the keys that it may have to fetch. `unauthenticated` (`invalid_token`, the reason
/// in `detail` for the log only) or `unavailable` if there are no keys to judge by.
base::Result<Identity> verify_token(std::string_view token, const TokenPolicy& policy, Jwks& jwks,
                                    base::Time now);

/// The token of an `Authorization: Bearer …` header (RFC 6750 section 2.1); empty for anything
/// else.
std::string_view bearer_token(std::string_view authorization);

}  // namespace vestibule::shop
