#pragma once

#include <variant>

#include "oauth/grants/authorization_code.h"
#include "oauth/grants/client_credentials.h"
#include "oauth/grants/device_code.h"
#include "oauth/grants/exchange_request.h"
#include "oauth/grants/refresh_token.h"

namespace vestibule::provider {

/// What a token request asks for, by its grant type.
using TokenRequest =
    std::variant<oauth::CodeRequest, oauth::RefreshRequest, oauth::ClientCredentialsRequest,
                 oauth::ExchangeRequest, oauth::DeviceCodeRequest>;

/// RFC 6749 section 4: which grant it is, and that grant's own parameters. Errors: invalid_request
/// (`grant_type missing` and what the grant's own parser says), unsupported_grant_type.
oauth::Result<TokenRequest> decode_token_request(const oauth::Parameters& form);

/// Runs the grant in the writer's transaction, once the sender has shown the key that the client's
/// tokens must be bound to (oauth::require_constraint).
oauth::Settled<oauth::Grant> run_grant(store::Transaction& tx, const oauth::GrantContext& context,
                                       const oauth::AuthenticatedClient& client,
                                       const TokenRequest& request, base::Time now);

}  // namespace vestibule::provider
