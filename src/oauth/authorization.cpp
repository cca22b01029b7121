#include "oauth/authorization.h"

#include <utility>

#include "accounts/users.h"
#include "base/random.h"
#include "oauth/authorization_checks.h"
#include "sessions/codes.h"

namespace vestibule::oauth {
namespace {

/// `state` is echoed into a redirect, so its length is bounded.
constexpr std::size_t longest_state = 4096;

Result<void> fill(store::Transaction& tx, Authorization& request, const AuthorizationRequest& given,
                  const TokenIssuer& issuer, base::Time now) {
  const auto& parameters = given.parameters;
  // One line a check, in the order of authorization_checks.h.
  if (auto ok = checks::check_repetition(parameters); !ok) return ok;
  if (request.target.state.size() > longest_state)
    return fail("invalid_request", "state is too long");
  if (auto ok = checks::check_arrival(given.arrival, request.client); !ok) return ok;
  if (auto ok = checks::check_response_type(parameters, request.client); !ok) return ok;
  if (auto ok = checks::check_response_mode(parameters); !ok) return ok;
  auto scope = checks::check_scope(tx, parameters, request.client);
  if (!scope) return std::unexpected(std::move(scope.error()));
  auto challenge = checks::check_pkce(parameters, request.client);
  if (!challenge) return std::unexpected(std::move(challenge.error()));
  auto details = checks::check_details(parameters, request.client);
  if (!details) return std::unexpected(std::move(details.error()));
  auto prompt = checks::check_prompt(parameters);
  if (!prompt) return std::unexpected(std::move(prompt.error()));
  auto max_age = checks::check_max_age(parameters);
  if (!max_age) return std::unexpected(std::move(max_age.error()));
  auto hinted = checks::check_id_token_hint(tx, parameters, issuer, now);
  if (!hinted) return std::unexpected(std::move(hinted.error()));

  request.scope = std::move(*scope);
  request.code_challenge = std::move(*challenge);
  request.details = std::move(*details);
  request.nonce = parameters.find("nonce");
  request.prompt = *prompt;
  request.asks_for_consent = checks::has_prompt(parameters, "consent");
  request.max_age = *max_age ? *max_age : request.client.default_max_age;
  request.login_hint = parameters.get("login_hint");
  request.hinted_user = *hinted;
  return checks::check_claims(tx, parameters, request);
}

std::unexpected<AuthorizationError> redirectable(const Authorization& request, Error error) {
  return std::unexpected(AuthorizationError(DeliverableError{request.target, std::move(error)}));
}

}  // namespace

AuthorizationResult<Authorization> validate_authorization(store::Transaction& tx,
                                                          const TokenIssuer& issuer,
                                                          const AuthorizationRequest& given,
                                                          base::Time now) {
  const auto& parameters = given.parameters;
  auto client = checks::check_client(tx, parameters);
  if (!client) return std::unexpected(AuthorizationError(std::move(client.error())));
  auto redirect_uri = checks::check_redirect_uri(parameters, *client);
  if (!redirect_uri) return std::unexpected(AuthorizationError(std::move(redirect_uri.error())));
  auto target = ResponseTarget::of(*client, std::move(*redirect_uri), parameters);
  Authorization request{.client = std::move(*client), .target = std::move(target)};
  if (auto ok = fill(tx, request, given, issuer, now); !ok) {
    return redirectable(request, std::move(ok.error()));
  }
  return request;
}

NextStep decide(const Authorization& request, const std::optional<SignedIn>& session,
                base::Time started_at, base::Time now) {
  const NextStep otherwise =
      request.prompt == Prompt::none ? NextStep::refuse_login_required : NextStep::sign_in;
  if (!session) return otherwise;
  if (request.hinted_user && *request.hinted_user != session->user) {
    // OpenID Connect Core 3.1.2.1: somebody else has signed in for this very request.
    return session->auth_time > started_at ? NextStep::refuse_login_required : otherwise;
  }
  const bool fresh_needed =
      request.prompt == Prompt::login || request.prompt == Prompt::select_account;
  if (fresh_needed && session->auth_time <= started_at) return otherwise;
  // A sign-in made for this very request satisfies max_age=0 too.
  if (request.max_age && session->auth_time <= started_at &&
      session->auth_time + *request.max_age < now) {
    return otherwise;
  }
  return NextStep::issue_code;
}

AuthorizationResult<std::string> issue_code(store::Transaction& tx, const GrantContext& context,
                                            const Authorization& request, const SignedIn& signed_in,
                                            base::Time now) {
  const auto session = context.sessions.find(tx, signed_in.session, now);
  if (!session || session->user != signed_in.user || session->kind != sessions::Kind::provider) {
    return redirectable(request, {"login_required", "the session has ended"});
  }
  const auto user = accounts::find_user(tx, session->user);
  if (!user || user->state != accounts::UserState::active || user->is_guest()) {
    return redirectable(request, {"access_denied", "this user cannot sign in"});
  }
  if (user->organization != request.client.organization) {
    return redirectable(request, {"access_denied", "this user is of another organization"});
  }
  std::string code = base::random_token(context.random);
  sessions::insert_code(tx, code,
                        {.client = request.client.id,
                         .user = user->id,
                         .session = session->id,
                         .redirect_uri = request.target.redirect_uri,
                         .scope = request.scope.text(),
                         .nonce = request.nonce,
                         .code_challenge = request.code_challenge,
                         .auth_time = session->auth_time.value_or(signed_in.auth_time),
                         .amr = session->amr,
                         .created_at = now,
                         .expires_at = now + code_lifetime,
                         .details = request.details.to_json()});
  return code;
}

}  // namespace vestibule::oauth
