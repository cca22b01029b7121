#pragma once

#include <string>
#include <string_view>

#include "oauth/grants/grant.h"
#include "oauth/scope.h"

namespace vestibule::oauth {

/// By this scope a service account asks for a token that opens the provider's own API; its
/// audience is the issuer.
inline constexpr std::string_view scope_own_api = "urn:zitadel:iam:org:project:id:zitadel:aud";

/// What a service account gets that has shown who it is by a key or a secret of its own. The
/// token's client is the account itself, its audiences are the clients that the account is bound to
/// and the projects that the scope names. Reads only.
Grant grant_to_service(store::Transaction& tx, const GrantContext& context,
                       const accounts::User& service_account, const Scope& requested,
                       base::Time now);

/// Whether a token is one with which a service account speaks to the provider's own API for itself.
bool opens_own_api(const AccessToken& token, const std::string& issuer);

}  // namespace vestibule::oauth
