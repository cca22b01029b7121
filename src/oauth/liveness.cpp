#include "oauth/liveness.h"

#include <utility>

#include "accounts/users.h"
#include "oauth/service_client.h"
#include "sessions/codes.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

std::optional<Death> check_subject(store::Transaction& tx, const sessions::Sessions& sessions,
                                   const AccessToken& token, const accounts::User& user,
                                   base::Time now) {
  if (user.state != accounts::UserState::active) return Death::subject_inactive;
  // The id tells the millisecond in which the token was made; `iat` only the second.
  const auto id = base::Uuid::from_token(token.jti);
  if (!id || id->time() < user.valid_after) return Death::older_than_standing;
  if (token.session) {
    const auto session = sessions.find(tx, *token.session, now);
    if (!session || session->user != user.id) return Death::session_ended;
  }
  return std::nullopt;
}

bool actors_live(store::Transaction& tx, const Actor* actor) {
  for (; actor; actor = actor->prior.get()) {
    const auto user = accounts::find_user_by_subject(tx, actor->subject);
    if (!user || user->state != accounts::UserState::active) return false;
  }
  return true;
}

}  // namespace

std::expected<LiveToken, Death> check_token(store::Transaction& tx,
                                            const sessions::Sessions& sessions,
                                            const AccessToken& token, base::Time now) {
  auto client = find_token_client(tx, token.client_id);
  if (!client) return std::unexpected(Death::client_unknown);
  if (sessions::is_token_revoked(tx, token.jti)) return std::unexpected(Death::revoked);
  std::string details;
  if (token.grant) {
    auto family = sessions::find_family(tx, *token.grant, now);
    if (!family) return std::unexpected(Death::grant_revoked);
    // What a grant gave to its own client says nothing of a token that was exchanged for another.
    if (family->client == client->id) details = std::move(family->details);
  }
  auto user = accounts::find_user_by_subject(tx, token.subject);
  if (!user) {
    if (token.subject != token.client_id || token.session || token.actor) {
      return std::unexpected(Death::subject_unknown);
    }
    return LiveToken{std::move(*client), std::nullopt};
  }
  if (const auto death = check_subject(tx, sessions, token, *user, now)) {
    return std::unexpected(*death);
  }
  if (!actors_live(tx, token.actor.get())) return std::unexpected(Death::actor_inactive);
  return LiveToken{std::move(*client), std::move(user), std::move(details)};
}

}  // namespace vestibule::oauth
