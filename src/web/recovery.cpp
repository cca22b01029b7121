#include "accounts/emails.h"
#include "accounts/passwords.h"
#include "async/commit.h"
#include "base/text.h"
#include "http/forms.h"
#include "pages/page.h"
#include "web/web.h"

namespace vestibule::web {
namespace {

constexpr std::string_view used_title = "This link does not work any more";
constexpr std::string_view used_text = "It was used already, or it is too old. Ask for a new one.";

http::Response reset_page(int status, const accounts::MailLink& link, std::string_view token,
                          std::string_view error) {
  pages::View view;
  view.set("address", link.address).set("token", token);
  if (!error.empty()) view.set("error", error);
  return pages::page(status, "reset", "Set a new password", view, "/ui/style.css");
}

}  // namespace

Web::Awaitable<http::Response> Web::post_forgot(http::Request& request) {
  if (auto refusal = refuse(request)) co_return *std::move(refusal);
  const auto form = http::Form::parse(request.body);
  const auto email = form ? std::string(base::trim(form->get("email"))) : std::string{};
  if (!base::email_key(email)) {
    co_return pages::page(422, "forgot", "Forgotten password",
                          pages::View{}.set("error", "This is not an e-mail address."),
                          "/ui/style.css");
  }
  const auto now = clock_.now();
  auto unit = [&](store::Transaction& tx) {
    accounts::request_mail(tx, accounts::MailKind::reset, email, std::nullopt, random_, now);
  };
  co_await async::commit(store_, std::move(unit));
  co_return message(200, "Look into your mailbox",
                    "If we know the address, a link to set a new password is on its way.");
}

Web::Awaitable<http::Response> Web::get_reset(http::Request& request) {
  const auto query = http::Form::parse(request.query);
  const auto token = query ? query->get("token") : std::string{};
  const auto link = store_.read(
      [&](store::Transaction& tx) { return accounts::find_link(tx, token, clock_.now()); });
  if (!link) co_return message(410, used_title, used_text);
  co_return reset_page(200, *link, token, "");
}

Web::Awaitable<http::Response> Web::post_reset(http::Request& request) {
  if (auto refusal = refuse(request)) co_return *std::move(refusal);
  const auto form = http::Form::parse(request.body);
  if (!form || form->first_duplicate()) {
    co_return message(400, "That did not work", "The form is malformed.");
  }
  const auto token = form->get("token");
  const base::Secret password{form->get("password")};
  const auto link = store_.read(
      [&](store::Transaction& tx) { return accounts::find_link(tx, token, clock_.now()); });
  if (!link) co_return message(410, used_title, used_text);

  std::string hash;
  auto check_and_hash = [&] {
    const auto sound = accounts::check_password(password, {link->address}, *refused_.current());
    if (sound) hash = accounts::hash_password(password, random_);
    return sound;
  };
  const auto sound = co_await async::run(pool_, std::move(check_and_hash));
  if (!sound) co_return reset_page(422, *link, token, sound.error().message);

  const auto now = clock_.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<sessions::Session> {
    const auto user = accounts::reset_password(tx, sessions_, token, hash, now);
    if (!user) return std::unexpected(user.error());
    return open_session(tx, request, user->id, now);
  };
  const auto session = co_await async::commit(store_, std::move(unit));
  if (!session) co_return message(410, used_title, used_text);
  co_return go_on(request, "", *session,
                  "Your new password is set, and your address is confirmed. Sign in with both.");
}

}  // namespace vestibule::web
