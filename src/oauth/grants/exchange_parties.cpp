#include "oauth/grants/exchange_parties.h"

#include <algorithm>
#include <utility>

#include "accounts/users.h"
#include "oauth/liveness.h"
#include "oauth/user_claims.h"

namespace vestibule::oauth {
namespace {

std::unexpected<Error> invalid_subject(std::string detail) {
  return fail("invalid_request", "subject_token invalid", 400, std::move(detail));
}

std::unexpected<Error> invalid_actor(std::string detail) {
  return fail("invalid_request", "actor_token invalid", 400, std::move(detail));
}

bool contains(const std::vector<std::string>& values, const std::string& value) {
  return std::ranges::find(values, value) != values.end();
}

/// Design section 4, "Tokens": a subject token must name the requesting client.
bool names_client(const AccessToken& token, const Client& client) {
  return token.client_id == client.client_id() || contains(token.audience, client.client_id());
}

/// A given token that is live: whose, and what it limits the new one to.
std::optional<ExchangeSubject> read_access_token(store::Transaction& tx,
                                                 const GrantContext& context, const Client& client,
                                                 const GivenToken& given, base::Time now) {
  const auto text = given.text.reveal();
  if (given.type == GivenType::jwt && text.find('.') == std::string_view::npos) return {};
  const auto token = context.issuer.parse(text, now);
  if (!token || !names_client(*token, client)) return {};
  // A public client's name is no credential, so the key that the token is bound to must do.
  if (client.is_public() && !satisfies(token->confirmation, context.held)) return {};
  auto live = check_token(tx, context.sessions, *token, now);
  if (!live || !live->user) return {};
  return ExchangeSubject{.user = std::move(*live->user),
                         .type = given.type,
                         .scope = Scope::parse(token->scope),
                         .expires_at = token->expires_at,
                         .session = token->session,
                         .auth_time = token->auth_time,
                         .amr = token->amr,
                         .acr = token->acr,
                         .chain = token->actor,
                         .grant = token->grant,
                         .confirmation = token->confirmation};
}

std::optional<ExchangeSubject> read_id_token(store::Transaction& tx, const GrantContext& context,
                                             const Client& client, const GivenToken& given,
                                             base::Time now) {
  const auto claims =
      context.issuer.parse_id_token(given.text.reveal(), jose::Expiry::enforced, now);
  if (!claims || !claims->has_audience(client.client_id())) return {};
  const auto session_id = base::Uuid::from_token(claims->session_id);
  if (!session_id || !claims->actors.empty()) return {};
  const auto session = context.sessions.find(tx, base::SessionId{*session_id}, now);
  auto user = accounts::find_user_by_subject(tx, claims->subject);
  if (!session || !user || session->user != user->id ||
      user->state != accounts::UserState::active) {
    return {};
  }
  return ExchangeSubject{.user = std::move(*user),
                         .type = GivenType::id_token,
                         .scope = scope_shown(claims->json),
                         .expires_at = claims->expires_at,
                         .session = session->id,
                         .auth_time = claims->auth_time,
                         .amr = session->amr,
                         .acr = claims->acr};
}

std::optional<ExchangeSubject> read_token(store::Transaction& tx, const GrantContext& context,
                                          const Client& client, const GivenToken& given,
                                          base::Time now) {
  return given.type == GivenType::id_token ? read_id_token(tx, context, client, given, now)
                                           : read_access_token(tx, context, client, given, now);
}

}  // namespace

Result<ExchangeSubject> resolve_subject(store::Transaction& tx, const GrantContext& context,
                                        const Client& client, const GivenToken& given,
                                        base::Time now) {
  if (given.type == GivenType::user_id) {
    auto user = accounts::find_user_by_subject(tx, given.text.reveal());
    if (!user) return invalid_subject("unknown user");
    return ExchangeSubject{.user = std::move(*user), .type = GivenType::user_id};
  }
  auto subject = read_token(tx, context, client, given, now);
  if (!subject) return invalid_subject("not ours, dead, or not for this client");
  return std::move(*subject);
}

Result<ExchangeActor> resolve_actor(store::Transaction& tx, const GrantContext& context,
                                    const Client& client, const GivenToken& given, base::Time now) {
  if (given.type == GivenType::access_token) {
    if (auto caller = accounts::authenticate_personal_token(tx, given.text.reveal(), now)) {
      return ExchangeActor{std::move(*caller), std::nullopt};
    }
  }
  auto party = read_token(tx, context, client, given, now);
  if (!party) return invalid_actor("not ours, dead, or not for this client");
  // An actor speaks for itself: a token that somebody else obtained for it does not do.
  if (party->chain) return invalid_actor("has an actor itself");
  // Unlike a subject's, its key is not in the new token, so it has to be shown now.
  if (!satisfies(party->confirmation, context.held)) return invalid_actor("bound to a key");
  auto caller = accounts::load_caller(tx, party->user.id);
  if (!caller) return invalid_actor("unknown user");
  return ExchangeActor{std::move(*caller),
                       party->type == GivenType::id_token ? std::nullopt : std::move(party->scope),
                       party->expires_at};
}

}  // namespace vestibule::oauth
