#include "gateway/embedded_provider.h"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "accounts/passwords.h"
#include "accounts/users.h"
#include "async/commit.h"
#include "events/audit.h"
#include "http/forms.h"

namespace vestibule::gateway {

using base::ErrorKind;
using base::fail;

namespace {

/// For results of a unit that has to be kept although it refuses (a reused handle ends its
/// session, a code is consumed): an expected without a value would roll it back.
template <class T>
struct Kept {
  base::Result<T> result;
};

}  // namespace

EmbeddedProvider::EmbeddedProvider(EmbeddedOptions options, Parts parts)
    : StoredProvider(
          {parts.store, parts.guests, parts.sessions, parts.outbox, parts.clock, parts.random}),
      options_(std::move(options)),
      parts_(parts) {
  if (options_.proof_page.empty()) {
    const auto& endpoint = options_.authorization_endpoint;
    options_.proof_page = endpoint.substr(0, endpoint.find('/', endpoint.find("://") + 3));
    options_.proof_page += "/ui/proof";
  }
}

bool EmbeddedProvider::may_act_for(store::Transaction& tx, base::UserId service_account,
                                   const accounts::User& user) const {
  const auto caller = accounts::load_caller(tx, service_account);
  return caller && caller->has(accounts::Role::guest_impersonator) && user.is_guest() &&
         caller->user.organization == user.organization;
}

oauth::AccessToken EmbeddedProvider::token_for(const std::string& subject, base::Time now) const {
  oauth::AccessToken token;
  token.subject = subject;
  token.audience = {options_.audience};
  token.client_id = base::to_string(options_.client);
  token.scope = options_.scope;
  token.issued_at = now;
  token.expires_at = now + options_.token_lifetime;
  token.jti = parts_.issuer.new_jti(now);
  return token;
}

Grant EmbeddedProvider::make_grant(const sessions::Session& session, const accounts::User& user,
                                   base::Time now) const {
  auto token = token_for(user.subject(), now);
  token.session = session.id;
  token.auth_time = session.auth_time;
  token.amr = session.amr;
  token.acr = oauth::acr_of(session.auth_time);
  if (session.actor) {
    oauth::Actor actor{.subject = base::to_string(*session.actor)};
    token.actor = std::make_shared<const oauth::Actor>(std::move(actor));
  }
  Grant grant;
  grant.session = {session.id, session.generation, user.subject()};
  grant.session_expires_at = session.expires_at;
  grant.token_expires_at = token.expires_at;
  grant.token = base::Secret(parts_.issuer.sign_access_token(token, jose::Algorithm::es256));
  return grant;
}

Awaitable<GuestGrant> EmbeddedProvider::provision(GuestRequest request) {
  const auto now = parts_.clock.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<guests::Provisioned> {
    const guests::Authority authority{.organization = options_.organization,
                                      .service_account = options_.service_account,
                                      .client = options_.client,
                                      .client_address = request.client_address};
    auto made = parts_.guests.provision(
        tx, authority, guests::TicketRequest{request.session, now + options_.session_lifetime},
        now);
    if (!made) return made;
    if (!may_act_for(tx, options_.service_account, made->user))
      return fail(ErrorKind::forbidden, "insufficient_rights",
                  "the gateway's service account may not impersonate guests");
    events::record(tx,
                   {.type = "token.exchanged",
                    .user = made->user.id,
                    .actor = options_.service_account,
                    .client = options_.client,
                    .address = request.client_address},
                   now);
    return made;
  };
  auto made = co_await async::commit(parts_.store, std::move(unit));
  if (!made) co_return std::unexpected(std::move(made.error()));
  if (!made->session) throw std::logic_error("a ticket's guest came without its session");
  GuestGrant answer;
  answer.grant = make_grant(*made->session, made->user, now);
  answer.profile = profile_of(made->user);
  answer.novelty =
      made->freshness == guests::Freshness::created ? Novelty::created : Novelty::existing;
  co_return answer;
}

Awaitable<Grant> EmbeddedProvider::renew(SessionHandle session) {
  struct Renewed {
    sessions::Session session;
    accounts::User user;
  };
  const auto now = parts_.clock.now();
  auto unit = [&](store::Transaction& tx) -> Kept<Renewed> {
    auto rotation = parts_.sessions.rotate(tx, session.session, session.generation, now,
                                           now + options_.session_lifetime);
    const bool usable = rotation.outcome == sessions::Rotation::rotated ||
                        rotation.outcome == sessions::Rotation::successor;
    if (!usable || !rotation.session || rotation.session->kind != sessions::Kind::gateway)
      return {no_session()};
    auto user = accounts::find_user(tx, rotation.session->user);
    const bool alive =
        user && user->state == accounts::UserState::active &&
        (!rotation.session->actor || may_act_for(tx, *rotation.session->actor, *user));
    if (!alive) {
      parts_.sessions.end(tx, session.session, now);
      return {no_session()};
    }
    accounts::touch(tx, user->id, now, options_.token_lifetime);
    if (rotation.outcome == sessions::Rotation::rotated)
      events::record(tx,
                     {.type = "session.renewed",
                      .user = user->id,
                      .actor = rotation.session->actor,
                      .client = options_.client},
                     now);
    return {Renewed{std::move(*rotation.session), std::move(*user)}};
  };
  auto kept = co_await async::commit(parts_.store, std::move(unit));
  if (!kept.result) co_return std::unexpected(std::move(kept.result.error()));
  co_return make_grant(kept.result->session, kept.result->user, now);
}

Awaitable<Grant> EmbeddedProvider::glance(SessionHandle session) {
  const auto now = parts_.clock.now();
  auto look = [&](store::Transaction& tx) -> base::Result<Grant> {
    auto live = find_live(tx, session, now);
    if (!live) return no_session();
    const auto user = accounts::find_user(tx, live->user);
    if (!user || user->state != accounts::UserState::active ||
        (live->actor && !may_act_for(tx, *live->actor, *user)))
      return no_session();
    return make_grant(*live, *user, now);
  };
  co_return parts_.store.read(std::move(look));
}

Awaitable<void> EmbeddedProvider::check_password(base::Secret password,
                                                 std::vector<std::string> own_words) {
  auto work = [&] {
    return accounts::check_password(password, own_words, *parts_.refused.current());
  };
  co_return co_await async::run(parts_.pool, std::move(work));
}

Awaitable<Upgrade> EmbeddedProvider::upgrade(SessionHandle session, UpgradeForm form) {
  auto work = [&] { return accounts::hash_password(form.password, parts_.random); };
  const auto hash = co_await async::run(parts_.pool, std::move(work));

  const auto now = parts_.clock.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<guests::Upgraded> {
    const auto user = accounts::resolve_subject(tx, session.subject);
    if (!user) return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
    // A live session whose handle was replaced long ago is an old copy of the cookie.
    if (parts_.sessions.find(tx, session.session, now) && !find_live(tx, session, now))
      return no_session();
    return parts_.guests.upgrade(
        tx,
        guests::UpgradeRequest{.user = *user,
                               .session = session.session,
                               .given_name = form.given_name,
                               .family_name = form.family_name,
                               .email = form.email,
                               .password_hash = hash,
                               .new_session = base::SessionId{base::Uuid::make(now, parts_.random)},
                               .session_expires_at = now + options_.session_lifetime,
                               .client_address = form.client_address},
        now);
  };
  auto upgraded = co_await async::commit(parts_.store, std::move(unit));
  if (!upgraded) co_return std::unexpected(std::move(upgraded.error()));
  co_return Upgrade{make_grant(upgraded->session, upgraded->user, now), profile_of(upgraded->user)};
}

std::string EmbeddedProvider::authorization_url(const SignInStart& start) const {
  std::vector<std::pair<std::string, std::string>> parameters{
      {"response_type", "code"},
      {"client_id", base::to_string(options_.client)},
      {"redirect_uri", options_.redirect_uri},
      {"scope", options_.scope},
      {"state", start.state},
      {"nonce", start.nonce},
      {"code_challenge", start.code_challenge},
      {"code_challenge_method", "S256"}};
  if (start.prompt == SignInStart::Prompt::login) parameters.emplace_back("prompt", "login");
  if (!start.login_hint.empty()) parameters.emplace_back("login_hint", start.login_hint);
  return options_.authorization_endpoint + "?" + http::encode_form(parameters);
}

Awaitable<SignedOut> EmbeddedProvider::end_session(SessionHandle session) {
  const auto now = parts_.clock.now();
  auto unit = [&](store::Transaction& tx) {
    const auto live = parts_.sessions.find(tx, session.session, now);
    if (!live || live->kind != sessions::Kind::gateway) return;
    parts_.sessions.end(tx, live->id, now);
    if (live->parent) parts_.sessions.end(tx, *live->parent, now);
    events::record(tx, {.type = "session.ended", .user = live->user, .client = options_.client},
                   now);
  };
  co_await async::commit(parts_.store, std::move(unit));
  co_return SignedOut{};
}

}  // namespace vestibule::gateway
