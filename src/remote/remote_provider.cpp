#include "remote/remote_provider.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "accounts/passwords.h"
#include "base/crypto.h"
#include "events/audit.h"
#include "http/forms.h"
#include "remote/grant.h"

namespace vestibule::remote {

using base::ErrorKind;
using base::fail;
using gateway::Awaitable;
using gateway::Grant;
using gateway::no_session;
using gateway::ProviderUnavailable;

namespace {

/// A token with less than this left is not handed out again.
constexpr base::Milliseconds spent{60'000};
/// What a sealed cookie of 4,096 bytes has room for beside the handle.
constexpr std::size_t longest_token = 2'800;
/// ZITADEL's bcrypt takes no more (a longer one is answered 500).
constexpr std::size_t longest_password = 72;

}  // namespace

RemoteProvider::RemoteProvider(ZitadelOptions options, Parts parts)
    : StoredProvider({parts.bench.store, parts.bench.guests, parts.bench.sessions, parts.outbox,
                      parts.bench.clock, parts.bench.random}),
      options_(std::move(options)),
      parts_(parts) {}

Grant grant_of(const sessions::Session& session, const accounts::User& user,
               const SessionTokens& tokens) {
  if (tokens.access_token.size() > longest_token)
    throw ProviderUnavailable(
        "a token is longer than a cookie holds: take role claims and projects out of the client's "
        "tokens");
  Grant grant;
  grant.session = {session.id, session.generation, user.subject()};
  grant.session_expires_at = session.expires_at;
  grant.token = tokens.access_token;
  grant.token_expires_at = tokens.expires_at;
  return grant;
}

base::Result<void> RemoteProvider::check_at_rest(store::Transaction& tx,
                                                 const accounts::User& user) const {
  if (!parts_.bench.tasks.find(tx, user.subject(), parts_.bench.clock.now())) return {};
  return fail(ErrorKind::conflict, "merging", "something else is under way with this user");
}

Awaitable<gateway::GuestGrant> RemoteProvider::provision(gateway::GuestRequest request) {
  auto work = [&]() -> base::Result<gateway::GuestGrant> {
    GuestWanted wanted;
    wanted.session = request.session;
    wanted.client_address = request.client_address;
    const auto made = parts_.sagas.provisioning.run(wanted);
    if (!made) return std::unexpected(made.error());
    const auto& [user, session, freshness] = made->provisioned;
    if (!session) throw std::logic_error("a ticket's guest came without its session");
    return gateway::GuestGrant{grant_of(*session, user, made->tokens), gateway::profile_of(user),
                               freshness == guests::Freshness::created
                                   ? gateway::Novelty::created
                                   : gateway::Novelty::existing};
  };
  co_return co_await async::run(parts_.calls, std::move(work));
}

std::optional<RemoteProvider::Live> RemoteProvider::look_up(const gateway::SessionHandle& handle,
                                                            base::Time now) const {
  return parts_.bench.store.read([&](store::Transaction& tx) -> std::optional<Live> {
    auto session = find_live(tx, handle, now);
    auto user = session ? accounts::find_user(tx, session->user) : std::nullopt;
    if (!user || user->standing() == accounts::Standing::merging) return std::nullopt;
    auto tokens = parts_.bench.tokens.find(tx, session->id, now);
    return Live{std::move(*session), std::move(*user), std::move(tokens)};
  });
}

std::optional<SessionTokens> RemoteProvider::fresh_tokens(const Live& live) {
  const std::scoped_lock lock(renewing_[live.session.id.bytes.back() % renewing_.size()]);
  const auto now = parts_.bench.clock.now();
  // Another tab may have been faster.
  auto known = parts_.bench.store.read(
      [&](store::Transaction& tx) { return parts_.bench.tokens.find(tx, live.session.id, now); });
  if (known && known->expires_at - now > spent) return known;
  auto fresh = live.user.is_guest() ? impersonate(live) : refresh(live);
  if (!fresh) return std::nullopt;
  parts_.bench.store.write(
      [&](store::Transaction& tx) { parts_.bench.tokens.put(tx, live.session.id, *fresh, now); });
  return fresh;
}

std::optional<SessionTokens> RemoteProvider::impersonate(const Live& live) const {
  auto tokens = parts_.bench.api.impersonate(live.user.subject());
  if (!tokens && tokens.error().kind == CallError::Kind::refused &&
      parts_.sagas.removing.rescue(live.user))
    tokens = parts_.bench.api.impersonate(live.user.subject());
  if (tokens) return SessionTokens::of(*tokens, parts_.bench.clock.now());
  if (tokens.error().kind != CallError::Kind::refused)
    throw ProviderUnavailable("no token for a guest: " + tokens.error().detail);
  settle_lost_guest(live, tokens.error());
  return std::nullopt;
}

void RemoteProvider::settle_lost_guest(const Live& live, const CallError& error) const {
  auto& bench = parts_.bench;
  const auto remote = bench.api.find_user(live.user.subject());
  const bool gone = !remote && remote.error().is("not_found");
  const bool out_of_reach = !remote && remote.error().is("out_of_reach");
  const auto tags =
      remote ? bench.api.list_guest_tags(live.user.subject()) : Called<std::vector<std::string>>{};
  const bool registered = out_of_reach || (remote && tags && tags->empty());
  const bool inactive = remote && remote->state != RemoteState::active;
  if (!gone && !registered && !inactive)
    throw ProviderUnavailable("no token for a guest: " + error.detail);

  const auto now = bench.clock.now();
  bench.store.write([&](store::Transaction& tx) {
    bench.sessions.end(tx, live.session.id, now);
    const auto user = accounts::find_user(tx, live.user.id);
    if (!user || !user->is_guest() || !check_at_rest(tx, *user)) return;
    if (registered)
      bench.guests.note_upgrade(tx, guests::UpgradeElsewhere{.user = user->id}, now);
    else if (gone && !bench.guests.erase(tx, *user, guests::EraseReason::deleted, now))
      spdlog::warn("a guest was deleted at the identity provider while it is being merged");
  });
}

std::optional<SessionTokens> RemoteProvider::refresh(const Live& live) const {
  auto& bench = parts_.bench;
  const auto end = [&] {
    const auto now = bench.clock.now();
    bench.store.write(
        [&](store::Transaction& tx) { bench.sessions.end(tx, live.session.id, now); });
    return std::nullopt;
  };
  const auto known = bench.store.read([&](store::Transaction& tx) {
    return bench.tokens.find(tx, live.session.id, bench.clock.now());
  });
  if (!known || !known->refresh_token) return end();
  const auto answer = bench.api.refresh(*known->refresh_token);
  if (!answer) {
    if (answer.error().is("invalid_grant")) return end();
    throw ProviderUnavailable("a session was not renewed: " + answer.error().detail);
  }
  auto fresh = SessionTokens::of(*answer, bench.clock.now());
  if (!fresh.refresh_token) fresh.refresh_token = known->refresh_token;
  if (!fresh.id_token) fresh.id_token = known->id_token;
  return fresh;
}

base::Result<Grant> RemoteProvider::renew_now(const gateway::SessionHandle& handle) {
  auto& bench = parts_.bench;
  const auto live = look_up(handle, bench.clock.now());
  // What fails leaves the handle as it is, so that the visitor can try again; an old copy of it is
  // for rotate to judge.
  const auto tokens = live ? fresh_tokens(*live) : std::nullopt;
  const auto now = bench.clock.now();
  const bool guest = live && live->user.is_guest();
  const bool lasts = guest || (tokens && tokens->refresh_token);
  const auto rotation = bench.store.write([&](store::Transaction& tx) {
    const auto expiry = lasts || !live ? now + bench.session_lifetime : live->session.expires_at;
    auto rotated = bench.sessions.rotate(tx, handle.session, handle.generation, now, expiry);
    if (live && tokens && rotated.session) {
      accounts::touch(tx, live->user.id, now, base::Milliseconds{0});
      if (rotated.outcome == sessions::Rotation::rotated)
        events::record(tx,
                       {.type = "session.renewed",
                        .user = live->user.id,
                        .actor = rotated.session->actor,
                        .client = bench.client},
                       now);
    }
    return rotated;
  });
  const bool usable = rotation.outcome == sessions::Rotation::rotated ||
                      rotation.outcome == sessions::Rotation::successor;
  if (!live || !tokens || !usable) return no_session();
  return grant_of(*rotation.session, live->user, *tokens);
}

Awaitable<Grant> RemoteProvider::renew(gateway::SessionHandle session) {
  auto work = [&] { return renew_now(session); };
  co_return co_await async::run(parts_.calls, std::move(work));
}

Awaitable<Grant> RemoteProvider::glance(gateway::SessionHandle session) {
  auto work = [&]() -> base::Result<Grant> {
    const auto live = look_up(session, parts_.bench.clock.now());
    if (!live) return no_session();
    const auto tokens = fresh_tokens(*live);
    if (!tokens) return no_session();
    return grant_of(live->session, live->user, *tokens);
  };
  co_return co_await async::run(parts_.calls, std::move(work));
}

Awaitable<void> RemoteProvider::check_password(base::Secret password,
                                               std::vector<std::string> own_words) {
  auto work = [&]() -> base::Result<void> {
    if (password.size() > longest_password)
      return fail(ErrorKind::invalid, "too_long", "at most 72 bytes, please", "password");
    return accounts::check_password(password, own_words, *parts_.refused.current());
  };
  co_return co_await async::run(parts_.calls, std::move(work));
}

Awaitable<gateway::Upgrade> RemoteProvider::upgrade(gateway::SessionHandle session,
                                                    gateway::UpgradeForm form) {
  auto work = [&]() -> base::Result<gateway::Upgrade> {
    auto& bench = parts_.bench;
    const auto now = bench.clock.now();
    auto user = bench.store.read([&](store::Transaction& tx) -> base::Result<accounts::User> {
      const auto id = accounts::resolve_subject_from_elsewhere(tx, session.subject);
      auto found = id ? accounts::find_user(tx, *id) : std::nullopt;
      if (!found) return fail(ErrorKind::gone, "guest_gone", "the guest has been deleted");
      const auto live = find_live(tx, session, now);
      if (!live || live->user != found->id) return no_session();
      return std::move(*found);
    });
    if (!user) return std::unexpected(std::move(user.error()));
    if (!user->is_guest())
      return fail(ErrorKind::conflict, "already_registered", "the user is registered already");
    const auto done = parts_.sagas.upgrading.run({std::move(*user), std::move(form)});
    if (!done) return std::unexpected(done.error());
    return gateway::Upgrade{grant_of(done->session, done->user, done->tokens),
                            gateway::profile_of(done->user)};
  };
  co_return co_await async::run(parts_.calls, std::move(work));
}

std::string RemoteProvider::sign_out_url(const std::optional<base::Secret>& id_token) const {
  const auto& back = options_.redirect_uri;
  std::vector<std::pair<std::string, std::string>> parameters{
      {"client_id", options_.client_id},
      {"post_logout_redirect_uri", back.substr(0, back.find('/', back.find("://") + 3)) + "/"}};
  if (id_token) parameters.emplace_back("id_token_hint", id_token->reveal());
  return options_.issuer + "/oidc/v1/end_session?" + http::encode_form(parameters);
}

Awaitable<gateway::SignedOut> RemoteProvider::end_session(gateway::SessionHandle session) {
  auto work = [&]() -> base::Result<gateway::SignedOut> {
    auto& bench = parts_.bench;
    const auto now = bench.clock.now();
    std::optional<SessionTokens> tokens;
    const bool signed_in = bench.store.write([&](store::Transaction& tx) {
      const auto live = bench.sessions.find(tx, session.session, now);
      if (!live || live->kind != sessions::Kind::gateway) return false;
      tokens = bench.tokens.find(tx, live->id, now);
      bench.sessions.end(tx, live->id, now);
      events::record(tx, {.type = "session.ended", .user = live->user, .client = bench.client},
                     now);
      return live->auth_time.has_value();
    });
    if (tokens && tokens->refresh_token) {
      const auto revoked = bench.api.revoke(*tokens->refresh_token);
      if (!revoked) spdlog::warn("a refresh token was not revoked: {}", revoked.error().detail);
    }
    // Only an ID token is proof of a session there.
    if (!signed_in || !tokens || !tokens->id_token) return gateway::SignedOut{};
    return gateway::SignedOut{sign_out_url(tokens->id_token)};
  };
  co_return co_await async::run(parts_.calls, std::move(work));
}

Awaitable<std::string> RemoteProvider::find_claim(gateway::SessionHandle, base::Secret) {
  co_return fail(ErrorKind::not_found, "foreign_link",
                 "the identity provider's own page takes its links");
}

Awaitable<Grant> RemoteProvider::prove_email(gateway::SessionHandle, base::Secret) {
  co_return fail(ErrorKind::not_found, "foreign_link",
                 "the identity provider's own page takes its links");
}

std::string RemoteProvider::proof_page(std::string_view) const {
  return options_.issuer;
}

}  // namespace vestibule::remote
