#pragma once

#include <string_view>

#include "oauth/client.h"
#include "oauth/confirmation_check.h"
#include "oauth/error.h"
#include "oauth/grant_details.h"

namespace vestibule::jose {
class ClaimsWriter;
}

// What tokens are bound to when they are made, and what is asked of who presents them.
namespace vestibule::oauth {

/// Refuses a token request of a client whose tokens must be bound (`dpop_bound_access_tokens`,
/// `tls_client_certificate_bound_access_tokens`) unless its sender has shown such a key. Errors:
/// invalid_dpop_proof (RFC 9449 section 5), invalid_request.
Result<void> require_constraint(const Client& client, const HeldKeys& held);

/// What a new access token is bound to: the key of the DPoP proof, or the certificate if the client
/// is registered for that.
Confirmation confirmation_of(const Client& client, const HeldKeys& held);

/// What a new refresh token is bound to: a public client's to the same key, since nothing else
/// constrains its sender; a confidential client's to the client alone, so that it may change its
/// key (RFC 9449 section 5).
Confirmation refresh_confirmation_of(const Client& client, const HeldKeys& held);

/// Whether whoever presents an access token at a protected resource may use it: they hold its key,
/// and a proof comes only with a token that is bound to one (RFC 9449 section 7.1). Error:
/// access_denied with 401.
Result<void> check_possession(const Confirmation& confirmation, const HeldKeys& held);

/// `token_type` (RFC 6750 section 6.1.1, RFC 9449 section 5).
std::string_view token_type_of(const Confirmation& confirmation);

/// Writes `cnf` (RFC 7800 section 3.1); nothing for a bearer token.
void write_confirmation(jose::ClaimsWriter& writer, const Confirmation& confirmation);

}  // namespace vestibule::oauth
