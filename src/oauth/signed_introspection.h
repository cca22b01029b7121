#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "jose/signing_key.h"
#include "oauth/client.h"

namespace vestibule::oauth {

/// The media type by which a caller asks for a signed answer (RFC 9701 section 4).
inline constexpr std::string_view introspection_jwt = "application/token-introspection+jwt";

/// What is signed for this caller: as registered (introspection_signed_response_alg), else RS256
/// (RFC 9701 section 6), which FAPI 2.0 does not allow: its clients get ES256.
jose::Algorithm introspection_algorithm(const Client& client);

/// The JWT of RFC 9701 section 5 around `body`, the JSON that `introspect` gave this caller. It has
/// no `sub` and no `exp`, so that it never passes for an access token. Signing with RSA costs about
/// a millisecond.
std::string sign_introspection(const jose::SigningKey& key, std::string_view issuer,
                               const Client& caller, std::string_view body, base::Time now);

}  // namespace vestibule::oauth
