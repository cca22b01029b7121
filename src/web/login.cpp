#include <fmt/core.h>

#include "accounts/directory.h"
#include "accounts/emails.h"
#include "accounts/passwords.h"
#include "accounts/users.h"
#include "async/commit.h"
#include "base/encoding.h"
#include "base/text.h"
#include "http/forms.h"
#include "pages/page.h"
#include "web/web.h"

namespace vestibule::web {
namespace {

constexpr std::string_view wrong = "That name and password do not belong together.";

struct Candidate {
  base::UserId user;
  std::string password_hash;
};

/// Who may sign in under the name, with what to check the password against.
std::optional<Candidate> find_candidate(store::Transaction& tx, std::string_view name) {
  const auto user = accounts::find_sign_in_name(tx, name);
  if (!user) return std::nullopt;
  auto hash = accounts::find_password_hash(tx, *user);
  if (!hash) return std::nullopt;
  return Candidate{*user, *std::move(hash)};
}

}  // namespace

http::Response Web::login_page(int status, std::string_view request, std::string_view username,
                               std::string_view error) const {
  pages::View view;
  view.set("request", request).set("request_encoded", base::percent_encode(request));
  if (!username.empty()) view.set("username", username);
  if (!error.empty()) view.set("error", error);
  return pages::page(status, "login", "Sign in", view, "/ui/style.css", pages::any_target);
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
  // The same work for a name that nobody has.
  const auto hash = candidate ? candidate->password_hash : std::string(accounts::decoy_hash());
  auto verify = [&] { return accounts::verify_password(password, hash); };
  const bool right = co_await async::run(pool_, std::move(verify));

  const auto now = clock_.now();
  std::optional<sessions::Session> session;
  auto unit = [&](store::Transaction& tx) {
    if (candidate && right) {
      const auto user = accounts::find_user(tx, candidate->user);
      // The password may have been changed while it was being checked.
      if (user && user->state == accounts::UserState::active &&
          accounts::find_password_hash(tx, user->id) == candidate->password_hash) {
        // A sign-in is a change of standing: whoever else holds a session of this user loses it.
        accounts::change_standing(tx, sessions_, user->id, now);
        session = open_session(tx, request, user->id, now);
        return;
      }
    }
    // If the name is an unproved address, its owner is told how to prove it; the mailer looks.
    if (base::email_key(username)) {
      accounts::request_mail(tx, accounts::MailKind::unproved_sign_in, username, std::nullopt,
                             random_, now);
    }
  };
  co_await async::commit(store_, std::move(unit));
  if (!session) co_return login_page(401, token, username, wrong);
  co_return go_on(token, *session, "You are signed in.");
}

}  // namespace vestibule::web
