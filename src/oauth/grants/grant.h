#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "accounts/user.h"
#include "base/random.h"
#include "base/secret.h"
#include "oauth/client.h"
#include "oauth/confirmation_check.h"
#include "oauth/error.h"
#include "oauth/scope.h"
#include "oauth/tokens.h"
#include "sessions/sessions.h"
#include "store/transaction.h"

namespace vestibule::oauth {

inline constexpr std::string_view grant_authorization_code = "authorization_code";
inline constexpr std::string_view grant_refresh_token = "refresh_token";
inline constexpr std::string_view grant_client_credentials = "client_credentials";
inline constexpr std::string_view grant_token_exchange =
    "urn:ietf:params:oauth:grant-type:token-exchange";

/// What the grants work with beside the transaction and the request.
struct GrantContext {
  const TokenIssuer& issuer;
  const sessions::Sessions& sessions;
  const base::Secret& refresh_key;  ///< MAC key of refresh tokens
  base::Random& random;
  HeldKeys held = {};  ///< what the sender of this request has shown; new tokens are bound to it
  std::string client_address = {};  ///< whence the request came, for the audit log
};

/// A verdict whose transaction is to be kept even when it is a refusal, because a detected replay
/// has revoked something or a code has been used up. Being no std::expected itself, the store
/// keeps it.
template <class T>
struct Settled {
  Result<T> verdict;
};

/// What a grant came to inside its transaction: everything that signing needs after the commit.
struct Grant {
  AccessToken access;
  TokenFormat format = TokenFormat::opaque;
  jose::Algorithm algorithm = jose::Algorithm::es256;
  std::optional<IdToken> id_token = {};
  jose::Algorithm id_token_algorithm = jose::Algorithm::rs256;
  std::optional<base::Secret> refresh_token = {};
  /// RFC 8693 section 2.2.1; empty for other grants. If it names the ID token, that stands in
  /// `access_token`.
  std::string_view issued_token_type = {};
};

/// A successful answer of the token endpoint (RFC 6749 section 5.1, RFC 8693 section 2.2.1).
struct TokenResponse {
  std::string access_token;
  std::string_view token_type;
  base::Seconds expires_in{0};
  std::string scope;
  std::string_view issued_token_type;
  std::string id_token;
  base::Secret refresh_token;
};

/// Signs. Costs CPU (RS256 about a millisecond); never inside a transaction.
TokenResponse sign(const TokenIssuer& issuer, Grant grant);

/// Refuses a grant type that the client is not registered for: unauthorized_client. One that is
/// registered for none, but for introspection only, is no client here, as at ZITADEL:
/// invalid_client.
Result<void> check_grant_type(const Client& client, std::string_view grant_type);

/// The audiences of a client's tokens unless it asked for others: itself and its project.
std::vector<std::string> default_audience(const Client& client);

/// An access token for a user through a client, made now, with the client's lifetime and default
/// audience, bound to what the sender has shown (token_binding.h); its amr, acr, session and actor
/// are the caller's to set.
AccessToken start_access_token(store::Transaction& tx, const GrantContext& context,
                               const Client& client, const accounts::User& user, const Scope& scope,
                               base::Time now);

/// The ID token beside such an access token: with the claims that were asked for by name in the
/// grant's remembered `claims`, and those that its scope opens if the client's ID tokens have them.
IdToken start_id_token(store::Transaction& tx, const AccessToken& access, const Client& client,
                       const accounts::User& user, std::string_view claims = {});

}  // namespace vestibule::oauth
