#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounts/user.h"
#include "oauth/client.h"
#include "oauth/scope.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// Where claims will stand: a token has to fit into a header, an answer need not.
enum class Room { token, answer };

/// What a client is told of a user: what a scope opens (OpenID Connect Core section 5.4), and what
/// it has asked for by name (section 5.5).
struct WantedClaims {
  Scope scope = {};
  std::vector<std::string> names = {};

  /// Whether the claim is wanted, which `opener` would open.
  bool has(std::string_view opener, std::string_view claim) const;
};

/// Whether the client has ID tokens with a user's claims in them, as ZITADEL writes them. It is
/// also told `client_id` there, and a `locale` that is not known as null. To others OpenID Connect
/// Core holds: section 5.3.2 leaves out what is not known, section 2 knows `azp` only.
bool is_told_as_by_zitadel(const Client& client);

/// The claims as members `,"name":value…` without `sub`. One function for the ID token, userinfo
/// and introspection. `email_verified` is true for a proved address, and for an asserted one only
/// to a client of the user's own organization. What is not known is left out, but for
/// the `locale` of is_told_as_by_zitadel, if its scope is granted.
std::string user_claims(store::Transaction& tx, const accounts::User& user,
                        const WantedClaims& wanted, const Client& client, Room room);

/// The scopes of OpenID Connect whose claims are among a token's (`claims_json` is an object that
/// has been verified): `openid`, and those that user_claims has written. An ID token names no
/// scope, and must not lead to more about its subject than it tells itself.
Scope scope_shown(std::string_view claims_json);

/// ZITADEL's own part of them, which stands in JWT access tokens too: metadata (values base64url)
/// and resource owner. Metadata that would make a token too long is left out of it; it is still at
/// userinfo.
std::string private_claims(store::Transaction& tx, const accounts::User& user, const Scope& scope);

}  // namespace vestibule::oauth
