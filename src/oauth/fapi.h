#pragma once

#include <vector>

#include "jose/algorithm.h"
#include "oauth/client.h"
#include "oauth/error.h"

// What a client's profile (Client::profile) and registration ask of it: the rules of the FAPI 2.0
// Security Profile and of FAPI 2.0 Message Signing, in one place.
namespace vestibule::oauth {

/// Whether a client's settings fit together and fit its profile: the first rule that they break, as
/// RFC 7591 section 3.2.2 names it (invalid_client_metadata, invalid_redirect_uri). For whoever
/// makes or changes a client; what a request must be is asked again at each request.
Result<void> check_client_configuration(const Client& client);

/// FAPI 2.0 Security Profile section 5.3.2.2: only pushed requests; else as registered (RFC 9126
/// section 6).
bool requires_pushed_request(const Client& client);

/// FAPI 2.0 Message Signing section 5.3.1: only signed requests; else as registered (RFC 9101
/// section 10.5).
bool requires_signed_request(const Client& client);

/// RFC 9700 section 2.1.1: a confidential OpenID Connect client may rely on its nonce instead.
bool requires_pkce(const Client& client);

/// Whether a refresh gives a new refresh token. FAPI 2.0 Security Profile section 5.3.2.1: the
/// tokens of its clients are sender-constrained and are not rotated.
bool rotates_refresh_tokens(const Client& client);

/// What the client may sign request objects with.
std::vector<jose::Algorithm> request_object_algorithms(const Client& client);

/// What its JARM responses are signed with: as registered, else RS256 (JARM section 3), which FAPI
/// does not allow: its clients get their ID token's algorithm. No profile makes a client ask for
/// them: it says so in each request, which nobody but it can push (FAPI 2.0 Message Signing 5.4).
jose::Algorithm authorization_response_algorithm(const Client& client);

}  // namespace vestibule::oauth
