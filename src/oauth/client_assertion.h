#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jose/key_set.h"
#include "oauth/client_authentication.h"
#include "oauth/error.h"

namespace vestibule::oauth {

/// The one `client_assertion_type` (RFC 7523 section 2.2).
inline constexpr std::string_view assertion_type_jwt_bearer =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead the `exp` of an assertion may lie: it has to be remembered until then.
inline constexpr base::Seconds assertion_longest_life{3600};
/// By how much the clocks of client and server may differ. FAPI 2.0 Security Profile section
/// 5.3.2.1: `iat` and `nbf` of 10 s ahead are accepted, of 60 s are not.
inline constexpr base::Seconds assertion_skew{10};

/// What an assertion says of itself. Nothing of it has been verified: it only tells where to look.
struct ClaimedAssertion {
  std::string client_id;  ///< `iss`
  std::string key_id;     ///< `kid`; empty if absent
};
/// nullopt for what is no JWT with an issuer.
std::optional<ClaimedAssertion> peek_assertion(std::string_view assertion);

/// The algorithms that a client's assertions may be signed with: the registered one, or all that
/// its profile allows.
std::vector<jose::Algorithm> assertion_algorithms(const Client& client);

/// Whom an assertion may be meant for.
struct AssertionAudience {
  std::string issuer;
  std::vector<std::string> endpoints;  ///< further names of this server: the endpoints' URLs
};

/// private_key_jwt (RFC 7523 section 3, OpenID Connect Core section 9): verifies the assertion with
/// the client's own keys. Its `jti` is used up when the client is confirmed. FAPI clients must name
/// the issuer, as one string (FAPI 2.0 Security Profile section 5.3.2.1); for others every value of
/// `aud` must be a name of this server. Error: invalid_client with 401, which does not say why.
Result<VerifiedClient> verify_assertion(Client client, std::string_view assertion,
                                        const jose::KeySet& keys, const AssertionAudience& audience,
                                        base::Time now);

/// How every assertion is refused in public; the reason is for the log.
std::unexpected<Error> refuse_assertion(std::string reason);

}  // namespace vestibule::oauth
