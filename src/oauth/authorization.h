#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "oauth/authorization_request.h"
#include "oauth/authorization_response.h"
#include "oauth/client.h"
#include "oauth/error.h"
#include "oauth/grant_details.h"
#include "oauth/grants/grant.h"
#include "oauth/parameters.h"
#include "oauth/scope.h"
#include "sessions/sessions.h"

namespace vestibule::oauth {

/// `prompt` (OpenID Connect Core section 3.1.2.1). `consent` and `select_account` ask for the
/// sign-in page's own answer: first-party clients need no consent, and a person who signs in anew
/// chooses the account by it.
enum class Prompt : std::uint8_t { unspecified, none, login, consent, select_account };

/// An authorization request whose every parameter has been checked against its client.
struct Authorization {
  Client client;
  ResponseTarget target;  ///< where the answer goes, with the redirect URI and `state`
  Scope scope = {};
  std::optional<std::string> code_challenge = {};  ///< none: the client relies on its nonce
  std::optional<std::string> nonce = {};
  Prompt prompt = Prompt::unspecified;
  bool asks_for_consent = false;  ///< `prompt` has `consent`, beside whatever else
  std::optional<base::Seconds> max_age = {};
  std::string login_hint = {};
  /// Whom a valid id_token_hint names: nobody else may be signed in by this request.
  std::optional<base::UserId> hinted_user = {};
  GrantDetails details = {};  ///< what the grant remembers of this request
};

/// An error that is shown to the person, because client or redirect URI are not known to be good,
/// or one that goes back to the client.
using AuthorizationError = std::variant<Error, DeliverableError>;
template <class T>
using AuthorizationResult = std::expected<T, AuthorizationError>;

/// RFC 6749 section 4.1.1, RFC 7636, RFC 9700 and OpenID Connect Core 3.1.2.2, check by check.
AuthorizationResult<Authorization> validate_authorization(store::Transaction& tx,
                                                          const TokenIssuer& issuer,
                                                          const AuthorizationRequest& given,
                                                          base::Time now);

/// A registered redirect URI matches byte for byte; only the port of a loopback address over http
/// is free (RFC 8252 section 7.3).
bool matches_redirect_uri(std::string_view registered, std::string_view given);

/// The provider's session of the browser that asks.
struct SignedIn {
  base::SessionId session;
  base::UserId user;
  base::Time auth_time;
  std::string amr;
};

/// What to do with a valid request now.
enum class NextStep { issue_code, sign_in, refuse_login_required };

/// Whether the session that the browser has (if any) is good enough. `started_at` is when the
/// request came first: with prompt=login only a sign-in later than that counts.
NextStep decide(const Authorization& request, const std::optional<SignedIn>& session,
                base::Time started_at, base::Time now);

/// How long a code lives.
inline constexpr base::Seconds code_lifetime{60};

/// Makes the code for a browser that is signed in. Looks at session and user again in the writing
/// transaction. Errors: login_required if the session has ended, access_denied for a user of
/// another organization (there is no consent yet) or one that is not active.
AuthorizationResult<std::string> issue_code(store::Transaction& tx, const GrantContext& context,
                                            const Authorization& request, const SignedIn& session,
                                            base::Time now);

}  // namespace vestibule::oauth
