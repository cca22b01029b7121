#include "accounts/emails.h"
#include "accounts/passwords.h"
#include "async/commit.h"
#include "base/encoding.h"
#include "base/text.h"
#include "http/forms.h"
#include "pages/page.h"
#include "web/web.h"

namespace vestibule::web {
namespace {

struct Registration {
  std::string given_name;
  std::string family_name;
  std::string email;
  base::Secret password;
};

/// The field's complaint, or nothing.
std::string check_name(std::string_view name) {
  const auto length = base::count_code_points(name);
  if (name.empty()) return "Please fill this in.";
  if (!length || *length > 200 || base::has_control_character(name)) {
    return "At most 200 characters, without control characters.";
  }
  return {};
}

accounts::User make_account(const Registration& given, base::UserId id,
                            base::OrganizationId organization, base::Time now) {
  accounts::User user;
  user.id = id;
  user.organization = organization;
  user.given_name = given.given_name;
  user.family_name = given.family_name;
  user.created_at = user.changed_at = user.active_at = now;
  return user;
}

}  // namespace

Web::Awaitable<http::Response> Web::post_register(http::Request& request) {
  if (auto refusal = refuse(request)) co_return *std::move(refusal);
  const auto form = http::Form::parse(request.body);
  if (!form || form->first_duplicate()) {
    co_return message(400, "That did not work", "The form is malformed.");
  }
  Registration given{std::string(base::trim(form->get("given_name"))),
                     std::string(base::trim(form->get("family_name"))),
                     std::string(base::trim(form->get("email"))),
                     base::Secret{form->get("password")}};
  const auto token = form->get("request");
  pages::View view;
  view.set("request", token)
      .set("request_encoded", base::percent_encode(token))
      .set("given_name", given.given_name)
      .set("family_name", given.family_name)
      .set("email", given.email);
  auto complaints = 0;
  const auto complain = [&](std::string_view field, std::string_view text) {
    if (text.empty()) return;
    view.set(field, text);
    ++complaints;
  };
  complain("given_name_error", check_name(given.given_name));
  complain("family_name_error", check_name(given.family_name));
  if (!base::email_key(given.email)) complain("email_error", "This is not an e-mail address.");

  std::string hash;
  auto check_and_hash = [&] {
    const auto sound = accounts::check_password(
        given.password, {given.given_name, given.family_name, given.email}, *refused_.current());
    if (sound && complaints == 0) hash = accounts::hash_password(given.password, random_);
    return sound;
  };
  const auto sound = co_await async::run(pool_, std::move(check_and_hash));
  if (!sound) complain("password_error", sound.error().message);
  if (complaints > 0) {
    co_return pages::page(422, "register", "Make an account", view, "/ui/style.css",
                          pages::any_target);
  }

  const auto now = clock_.now();
  auto unit = [&](store::Transaction& tx) -> base::Result<sessions::Session> {
    auto user = make_account(given, ids_.next(now), options_.organization, now);
    if (auto inserted = accounts::insert_user(tx, user); !inserted) {
      return std::unexpected(inserted.error());
    }
    accounts::set_password_hash(tx, user.id, hash, now);
    record(tx, "user.created", request, user.id, now);
    auto session = open_session(tx, request, user.id, now);
    accounts::claim_email(tx, user, given.email, session.id, random_, now);
    if (auto updated = accounts::update_user(tx, user, now); !updated) {
      return std::unexpected(updated.error());
    }
    return session;
  };
  const auto session = co_await async::commit(store_, std::move(unit));
  if (!session) co_return message(503, "That did not work", session.error().message);
  co_return go_on(
      request, token, *session,
      "Your account is there. A mail with a link to confirm your address is on its way.");
}

}  // namespace vestibule::web
