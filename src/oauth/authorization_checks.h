#pragma once

#include "oauth/authorization.h"

// The steps of validate_authorization, in its order; for the .cpp files of this folder and tests.
namespace vestibule::oauth::checks {

/// RFC 6749 2.2: which client it is. Not redirectable.
Result<Client> check_client(store::Transaction& tx, const Parameters& parameters);
/// RFC 6749 3.1.2: registered, compared as matches_redirect_uri does; required even if the client
/// has only one. Not redirectable.
Result<std::string> check_redirect_uri(const Parameters& parameters, const Client& client);

// From here on an error goes back to the client.

/// RFC 6749 3.1: no parameter twice.
Result<void> check_repetition(const Parameters& parameters);
/// RFC 9126 6, RFC 9101 10.5: pushed and signed, if the client must.
Result<void> check_arrival(const Arrival& arrival, const Client& client);
/// RFC 6749 3.1.1: `code` only, and the client may use it.
Result<void> check_response_type(const Parameters& parameters, const Client& client);
/// OAuth 2.0 Multiple Response Types 2.1: one that exists.
Result<void> check_response_mode(const Parameters& parameters);
/// RFC 6749 3.3; offline_access only for clients that may refresh (OpenID Connect Core 11).
/// invalid_scope for ZITADEL's organization scopes that name any but the client's own, whose
/// members alone may sign in to it (issue_code): dropping them would let a member of one pass for a
/// member of the other.
Result<Scope> check_scope(store::Transaction& tx, const Parameters& parameters,
                          const Client& client);
/// RFC 9700 2.1.1: PKCE with S256, for every client but those that requires_pkce lets off.
Result<std::optional<std::string>> check_pkce(const Parameters& parameters, const Client& client);
/// What the grant remembers: the key of `dpop_jkt` (RFC 9449 10) and the resources (RFC 8707 2.1).
Result<GrantDetails> check_details(const Parameters& parameters, const Client& client);
/// OpenID Connect Core 3.1.2.1: `none` stands alone.
Result<Prompt> check_prompt(const Parameters& parameters);
/// Whether the word is among those of `prompt`.
bool has_prompt(const Parameters& parameters, std::string_view word);
Result<std::optional<base::Seconds>> check_max_age(const Parameters& parameters);
/// OpenID Connect Core 3.1.2.1: a token of ours, also an expired one.
Result<std::optional<base::UserId>> check_id_token_hint(store::Transaction& tx,
                                                        const Parameters& parameters,
                                                        const TokenIssuer& issuer, base::Time now);

/// OpenID Connect Core 5.5: remembers what `claims` asks for, and whom it names. Errors:
/// invalid_request; unmet_authentication_requirements for an essential `acr` that no sign-in here
/// has (5.5.1.1); login_required for a user who cannot be the one that id_token_hint names.
Result<void> check_claims(store::Transaction& tx, const Parameters& parameters,
                          Authorization& request);

}  // namespace vestibule::oauth::checks
