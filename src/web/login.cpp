#include <fmt/core.h>

#include "accounts/emails.h"
#include "accounts/passwords.h"
#include "accounts/users.h"
#include "async/commit.h"
#include "base/encoding.h"
#include "base/text.h"
#include "http/forms.h"
#include "oauth/pushed_request.h"
#include "pages/page.h"
#include "provider/authorize_request.h"
#include "web/candidate.h"
#include "web/client_card.h"
#include "web/web.h"

namespace vestibule::web {
namespace {

constexpr std::string_view wrong = "That name and password do not belong together.";
constexpr std::string_view slow_down =
    "Too many wrong passwords were tried for this name. Wait a while, use a browser that you have "
    "signed in with before, or set a new password.";

}  // namespace

std::optional<oauth::Client> Web::find_asking_client(std::string_view request) const {
  const auto now = clock_.now();
  auto pending = provider::open_pending(sealer_, options_.issuer, request, now);
  if (!pending) return std::nullopt;
  auto client = store_.read([&](store::Transaction& tx) -> std::optional<oauth::Client> {
    if (!pending->request_uri.empty()) {
      auto pushed = oauth::resume_pushed_request(tx, pending->request_uri, now);
      if (!pushed) return std::nullopt;
      pending->request = std::move(*pushed);
    }
    const auto text = pending->request.parameters.get("client_id");
    const auto id = base::parse_id<base::ClientId>(text);
    return id ? oauth::find_client(tx, *id) : std::nullopt;
  });
  if (!client) return std::nullopt;
  const auto& display = client->display;
  const bool shows_something = !display.logo_uri.empty() || !display.client_uri.empty() ||
                               !display.policy_uri.empty() || !display.tos_uri.empty();
  if (client->consent == oauth::Consent::implied && !shows_something) return std::nullopt;
  return client;
}

http::Response Web::login_page(int status, std::string_view request, std::string_view username,
                               std::string_view error) const {
  pages::View view;
  view.set("request", request).set("request_encoded", base::percent_encode(request));
  if (!username.empty()) view.set("username", username);
  if (!error.empty()) view.set("error", error);
  if (!request.empty() && !request.starts_with(device_request)) view.flag("can_cancel");
  ClientCard card;
  if (const auto client = find_asking_client(request)) card = client_card(*client);
  view.set("client", card.html);
  return pages::page(status, "login", "Sign in", view, "/ui/style.css", pages::any_target,
                     card.logo_origin);
}

Web::Awaitable<http::Response> Web::post_login(http::Request& request) {
  if (auto refusal = refuse(request)) co_return *std::move(refusal);
  const auto form = http::Form::parse(request.body);
  if (!form || form->first_duplicate()) {
    co_return message(400, "That did not work", "The form is malformed.");
  }
  const auto token = form->get("request");
  const auto username = std::string(base::trim(form->get("username")));
  const base::Secret password{form->get("password")};
  if (username.empty() || username.size() > 254 || password.empty() || password.size() > 512) {
    co_return login_page(401, token, username, wrong);
  }

  const auto candidate =
      store_.read([&](store::Transaction& tx) { return find_candidate(tx, username); });
  const auto named = candidate ? std::optional(candidate->user) : std::nullopt;
  const auto attempt = begin_attempt(request, username, named);
  if (!attempt.verdict.allowed) {
    note_refused(request, named, "rate_limited");
    auto refusal = login_page(429, token, username, slow_down);
    refusal.with_header("Retry-After", std::to_string(attempt.verdict.retry_after_seconds()));
    co_return refusal;
  }
  // The same work for a name that nobody has.
  const auto hash = candidate ? candidate->password_hash : std::string(accounts::decoy_hash());
  auto verify = [&] { return accounts::verify_password(password, hash); };
  const bool right = co_await async::run(pool_, std::move(verify));

  const auto now = clock_.now();
  std::optional<sessions::Session> session;
  bool renews = false;
  auto unit = [&](store::Transaction& tx) {
    const auto user = candidate && right ? confirm_candidate(tx, *candidate) : std::nullopt;
    if (user) {
      renews = accounts::is_renewal_due(tx, user->id);
      if (renews) return;
      // A sign-in is a change of standing: whoever else holds a session of this user loses it.
      accounts::change_standing(tx, sessions_, user->id, now);
      session = open_session(tx, request, user->id, now);
      return;
    }
    // If the name is an unproved address, its owner is told how to prove it; the mailer looks.
    if (base::email_key(username)) {
      accounts::request_mail(tx, accounts::MailKind::unproved_sign_in, username, std::nullopt,
                             random_, now);
    }
  };
  co_await async::commit(store_, std::move(unit));
  if (renews || session) guard_.succeed(attempt, now);
  if (renews) co_return renewal_page(200, token, username, "");
  if (!session) {
    note_refused(request, named, "wrong_password");
    co_return login_page(401, token, username, wrong);
  }
  co_return go_on(request, token, *session, "You are signed in.");
}

}  // namespace vestibule::web
