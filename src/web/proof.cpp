#include <fmt/core.h>

#include "accounts/emails.h"
#include "accounts/passwords.h"
#include "async/commit.h"
#include "base/encoding.h"
#include "http/forms.h"
#include "pages/page.h"
#include "web/web.h"

namespace vestibule::web {
namespace {

constexpr std::string_view used_title = "This link does not work any more";
constexpr std::string_view used_text =
    "It was used already, or it is too old, or somebody else has confirmed this address.";

constexpr std::string_view slow_down =
    "Too many wrong passwords were tried. Wait a while, or set a new one.";

enum class Ask { nothing, password };

http::Response proof_page(int status, const accounts::MailLink& link, std::string_view token,
                          Ask ask, std::string_view error) {
  pages::View view;
  view.set("address", link.address)
      .set("token", token)
      .set("token_encoded", base::percent_encode(token))
      .set("action", "/ui/proof");
  if (ask == Ask::password) view.flag("ask_password");
  if (!error.empty()) view.set("error", error);
  return pages::page(status, "proof", "Confirm your address", view, "/ui/style.css");
}

}  // namespace

// Opening the link changes nothing: mail scanners open links.
Web::Awaitable<http::Response> Web::get_proof(http::Request& request) {
  const auto query = http::Form::parse(request.query);
  const auto token = query ? query->get("token") : std::string{};
  const auto link = store_.read(
      [&](store::Transaction& tx) { return accounts::find_link(tx, token, clock_.now()); });
  if (!link || link->purpose != accounts::LinkPurpose::proof) {
    co_return message(410, used_title, used_text);
  }
  const auto session = current(request);
  if (session && session->user == link->user) {
    co_return proof_page(200, *link, token, Ask::nothing, "");
  }
  // A claim made in the application is known to the application's origin, which sends the browser
  // back here if it does not hold that session either (decision 0004).
  if (link->session && !query->find("asked") && !options_.application_url.empty()) {
    co_return http::Response::redirect(fmt::format(
        "{}/guest/v1/proof?token={}", options_.application_url, base::percent_encode(token)));
  }
  co_return proof_page(200, *link, token, Ask::password, "");
}

Web::Awaitable<http::Response> Web::post_proof(http::Request& request) {
  if (auto refusal = refuse(request)) co_return *std::move(refusal);
  const auto form = http::Form::parse(request.body);
  if (!form || form->first_duplicate()) {
    co_return message(400, "That did not work", "The form is malformed.");
  }
  const auto token = form->get("token");
  const base::Secret password{form->get("password")};
  struct Found {
    std::optional<accounts::MailLink> link;
    std::optional<std::string> password_hash;
  };
  const auto found = store_.read([&](store::Transaction& tx) {
    Found out;
    out.link = accounts::find_link(tx, token, clock_.now());
    if (out.link) out.password_hash = accounts::find_password_hash(tx, out.link->user);
    return out;
  });
  if (!found.link || found.link->purpose != accounts::LinkPurpose::proof) {
    co_return message(410, used_title, used_text);
  }

  // design: in the browser that made the claim, or after that account's own password.
  const auto session = current(request);
  if (!session || session->user != found.link->user) {
    const auto attempt =
        begin_attempt(request, "user/" + base::to_string(found.link->user), found.link->user);
    if (!attempt.verdict.allowed) {
      note_refused(request, found.link->user, "rate_limited");
      auto refusal = proof_page(429, *found.link, token, Ask::password, slow_down);
      refusal.with_header("Retry-After", std::to_string(attempt.verdict.retry_after_seconds()));
      co_return refusal;
    }
    const auto hash = found.password_hash.value_or(std::string(accounts::decoy_hash()));
    auto verify = [&] { return accounts::verify_password(password, hash); };
    const bool right = co_await async::run(pool_, std::move(verify));
    if (!right || !found.password_hash) {
      note_refused(request, found.link->user, "wrong_password");
      co_return proof_page(401, *found.link, token, Ask::password, "That is not the password.");
    }
    guard_.succeed(attempt, clock_.now());
  }

  const auto now = clock_.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<sessions::Session> {
    const auto user = accounts::prove_email(tx, sessions_, token, now);
    if (!user) return std::unexpected(user.error());
    return open_session(tx, request, user->id, now);
  };
  const auto fresh = co_await async::commit(store_, std::move(unit));
  if (!fresh) co_return message(410, used_title, used_text);
  co_return go_on(request, "", *fresh,
                  "Your address is confirmed. From now on you sign in with it.");
}

}  // namespace vestibule::web
