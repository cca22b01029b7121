#include <spdlog/spdlog.h>

#include "events/audit.h"
#include "http/forms.h"
#include "remote/grant.h"
#include "remote/remote_provider.h"

// Signing in at the remote: the code is redeemed there, then user, session, tokens and merge are
// written here in one transaction.
namespace vestibule::remote {

using base::ErrorKind;
using gateway::Awaitable;
using gateway::ProviderUnavailable;

namespace {

/// `auth_time` has whole seconds, and is told by another server's clock.
constexpr base::Milliseconds clock_difference{5'000};

std::unexpected<base::Error> sign_in_failed(std::string message, std::string detail) {
  return std::unexpected(
      base::Error{ErrorKind::invalid, "sign_in_failed", std::move(message), {}, std::move(detail)});
}

void take_profile(accounts::User& user, const Identity& identity) {
  const auto text = [](const std::string& value) {
    return value.empty() ? std::nullopt : std::optional(value);
  };
  user.given_name = text(identity.given_name);
  user.family_name = text(identity.family_name);
  user.display_name = text(identity.name);
  user.email = text(identity.email);
  user.email_state = identity.email.empty()    ? accounts::EmailState::none
                     : identity.email_verified ? accounts::EmailState::asserted
                                               : accounts::EmailState::unproved;
}

}  // namespace

std::string RemoteProvider::authorization_url(const gateway::SignInStart& start) const {
  std::vector<std::pair<std::string, std::string>> parameters{
      {"response_type", "code"},
      {"client_id", options_.client_id},
      {"redirect_uri", options_.redirect_uri},
      {"scope", options_.scope},
      {"state", start.state},
      {"nonce", start.nonce},
      {"code_challenge", start.code_challenge},
      {"code_challenge_method", "S256"}};
  if (start.prompt == gateway::SignInStart::Prompt::login)
    parameters.emplace_back("prompt", "login");
  if (!start.login_hint.empty()) parameters.emplace_back("login_hint", start.login_hint);
  return options_.issuer + "/oauth/v2/authorize?" + http::encode_form(parameters);
}

base::Result<Identity> RemoteProvider::identity_of(const Tokens& tokens,
                                                   const gateway::SignInAnswer& answer,
                                                   base::Time now) const {
  if (!tokens.id_token)
    throw ProviderUnavailable("the token endpoint gave no ID token: is openid in the scope?");
  auto identity = parts_.bench.api.verify_id_token(*tokens.id_token, now);
  if (!identity) {
    if (identity.error().kind != CallError::Kind::refused)
      throw ProviderUnavailable("an ID token was not verified: " + identity.error().detail);
    return sign_in_failed("the identity provider's answer does not hold", identity.error().detail);
  }
  // OpenID Connect Core 3.1.3.7: the nonce is the one that was sent; auth_time is recent enough.
  if (identity->nonce != answer.nonce)
    return sign_in_failed("the sign-in does not belong to this browser", "nonce differs");
  if (answer.authenticated_since &&
      (!identity->auth_time ||
       *identity->auth_time + clock_difference < *answer.authenticated_since))
    return sign_in_failed("the sign-in is older than this attempt", "auth_time before the start");
  return std::move(*identity);
}

base::Result<accounts::User> RemoteProvider::write_user(store::Transaction& tx,
                                                        const Identity& identity,
                                                        base::Time now) const {
  const auto& bench = parts_.bench;
  if (const auto id = accounts::resolve_subject_from_elsewhere(tx, identity.subject)) {
    auto user = accounts::find_user(tx, *id);
    if (!user || user->standing() == accounts::Standing::merging)
      return sign_in_failed("this user cannot sign in", "the user was deleted or merged here");
    // Registered through another door: its first sign-in is how it is heard of.
    if (user->is_guest()) {
      if (bench.tasks.find(tx, identity.subject, now))
        throw ProviderUnavailable("something is under way with the user who signs in");
      bench.guests.note_upgrade(tx, guests::UpgradeElsewhere{.user = user->id}, now);
      user = accounts::find_user(tx, *id);
    }
    take_profile(*user, identity);
    if (auto updated = accounts::update_user(tx, *user, now); !updated)
      return std::unexpected(std::move(updated.error()));
    return std::move(*user);
  }
  accounts::User user{.id = parts_.ids.next(now),
                      .organization = bench.organization,
                      .chosen_subject = identity.subject,
                      .created_at = now,
                      .changed_at = now,
                      .active_at = now};
  take_profile(user, identity);
  if (auto inserted = accounts::insert_user_from_elsewhere(tx, user); !inserted)
    return std::unexpected(std::move(inserted.error()));
  return user;
}

base::Result<gateway::SignedIn> RemoteProvider::sign_in(const gateway::SignInAnswer& answer) const {
  const auto& bench = parts_.bench;
  const auto answered = bench.api.redeem_code({answer.code, answer.code_verifier});
  if (!answered) {
    if (answered.error().is("invalid_grant"))
      return sign_in_failed("the sign-in has expired or was completed before",
                            answered.error().detail);
    throw ProviderUnavailable("a sign-in was not completed: " + answered.error().detail);
  }
  const auto now = bench.clock.now();
  const auto identity = identity_of(*answered, answer, now);
  if (!identity) return std::unexpected(identity.error());

  const auto tokens = SessionTokens::of(*answered, now);
  sessions::Session session{
      .id = base::SessionId{base::Uuid::make(now, bench.random)},
      .user = {},
      .created_at = now,
      .rotated_at = now,
      .expires_at = tokens.refresh_token ? now + bench.session_lifetime : tokens.expires_at,
      .auth_time = identity->auth_time.value_or(now),
      .amr = identity->amr};
  return bench.store.write([&](store::Transaction& tx) -> base::Result<gateway::SignedIn> {
    const auto user = write_user(tx, *identity, now);
    if (!user) return std::unexpected(user.error());
    session.user = user->id;
    bench.sessions.insert(tx, session);
    bench.tokens.put(tx, session.id, tokens, now);
    events::record(tx,
                   {.type = "session.opened",
                    .user = user->id,
                    .client = bench.client,
                    .address = answer.client_address},
                   now);
    auto left = leave_previous(tx, answer, *user, now);
    return gateway::SignedIn{grant_of(session, *user, tokens), std::move(left.merge_id),
                             std::move(left.undecided_guest)};
  });
}

Awaitable<gateway::SignedIn> RemoteProvider::complete_sign_in(gateway::SignInAnswer answer) {
  auto work = [&] { return sign_in(answer); };
  co_return co_await async::run(parts_.calls, std::move(work));
}

}  // namespace vestibule::remote
