#include "accounts/passwords.h"
#include "async/commit.h"
#include "base/text.h"
#include "http/forms.h"
#include "pages/page.h"
#include "web/candidate.h"
#include "web/web.h"

namespace vestibule::web {
namespace {

constexpr std::string_view wrong = "That name and password do not belong together.";
constexpr std::string_view slow_down =
    "Too many wrong passwords were tried for this name. Wait a while, or use a browser that you "
    "have signed in with before.";
constexpr std::string_view same = "Choose another password than the present one.";

}  // namespace

http::Response Web::renewal_page(int status, std::string_view request, std::string_view username,
                                 std::string_view error) const {
  pages::View view;
  view.set("request", request).set("username", username);
  if (!error.empty()) view.set("error", error);
  return pages::page(status, "renewal", "Choose a new password", view, "/ui/style.css",
                     pages::any_target);
}

Web::Awaitable<http::Response> Web::post_renewal(http::Request& request) {
  if (auto refusal = refuse(request)) co_return *std::move(refusal);
  const auto form = http::Form::parse(request.body);
  if (!form || form->first_duplicate()) {
    co_return message(400, "That did not work", "The form is malformed.");
  }
  const auto token = form->get("request");
  const auto username = std::string(base::trim(form->get("username")));
  const base::Secret present{form->get("password")};
  const base::Secret next{form->get("new_password")};
  if (username.size() > 254 || present.size() > 512 || next.size() > 512) {
    co_return renewal_page(401, token, username, wrong);
  }

  const auto candidate =
      store_.read([&](store::Transaction& tx) { return find_candidate(tx, username); });
  const auto named = candidate ? std::optional(candidate->user) : std::nullopt;
  const auto attempt = begin_attempt(request, username, named);
  if (!attempt.verdict.allowed) {
    note_refused(request, named, "rate_limited");
    auto refusal = renewal_page(429, token, username, slow_down);
    refusal.with_header("Retry-After", std::to_string(attempt.verdict.retry_after_seconds()));
    co_return refusal;
  }
  // The same work for a name that nobody has.
  const auto hash = candidate ? candidate->password_hash : std::string(accounts::decoy_hash());
  auto verify = [&] { return accounts::verify_password(present, hash); };
  const bool right = co_await async::run(pool_, std::move(verify));
  if (!candidate || !right) {
    note_refused(request, named, "wrong_password");
    co_return renewal_page(401, token, username, wrong);
  }
  guard_.succeed(attempt, clock_.now());
  if (next.reveal() == present.reveal()) co_return renewal_page(422, token, username, same);

  std::string next_hash;
  auto check_and_hash = [&] {
    const auto sound = accounts::check_password(next, {username}, *refused_.current());
    if (sound) next_hash = accounts::hash_password(next, random_);
    return sound;
  };
  const auto sound = co_await async::run(pool_, std::move(check_and_hash));
  if (!sound) co_return renewal_page(422, token, username, sound.error().message);

  const auto now = clock_.now();
  auto unit = [&](store::Transaction& tx) -> std::optional<sessions::Session> {
    const auto user = confirm_candidate(tx, *candidate);
    if (!user) return std::nullopt;
    accounts::set_password_hash(tx, user->id, next_hash, now);
    // A new password is a change of standing: everything older on this account ends.
    accounts::change_standing(tx, sessions_, user->id, now);
    record(tx, "password.set", request, user->id, now);
    return open_session(tx, request, user->id, now);
  };
  const auto session = co_await async::commit(store_, std::move(unit));
  if (!session) co_return renewal_page(401, token, username, wrong);
  co_return go_on(request, token, *session, "Your new password is set, and you are signed in.");
}

}  // namespace vestibule::web
