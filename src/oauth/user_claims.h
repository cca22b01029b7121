#pragma once

#include <string>
#include <string_view>

#include "accounts/user.h"
#include "oauth/client.h"
#include "oauth/scope.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// Where claims will stand: a token has to fit into a header, an answer need not.
enum class Room { token, answer };

/// What a scope lets a client know about a user (OpenID Connect Core section 5.4), as members
/// `,"name":value…` without `sub`. One function for the ID token, userinfo and introspection.
/// `email_verified` is true for a proved address, and for an asserted one only to a client of the
/// user's own organization. `locale` is null when it is not known, as ZITADEL sends it.
std::string user_claims(store::Transaction& tx, const accounts::User& user, const Scope& scope,
                        const Client& client, Room room);

/// The scopes of OpenID Connect whose claims are among a token's (`claims_json` is an object that
/// has been verified): `openid`, and those that user_claims has written. An ID token names no
/// scope, and must not lead to more about its subject than it tells itself.
Scope scope_shown(std::string_view claims_json);

/// ZITADEL's own part of them, which stands in JWT access tokens too: metadata (values base64url)
/// and resource owner. Metadata that would make a token too long is left out of it; it is still at
/// userinfo.
std::string private_claims(store::Transaction& tx, const accounts::User& user, const Scope& scope);

}  // namespace vestibule::oauth
