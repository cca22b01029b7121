#include "accounts/users.h"
#include "async/commit.h"
#include "http/forms.h"
#include "oauth/consents.h"
#include "pages/page.h"
#include "web/client_card.h"
#include "web/scope_words.h"
#include "web/web.h"

// What a person allows applications: the question, and the list of what was allowed.
namespace vestibule::web {
namespace {

constexpr std::string_view style_path = "/ui/style.css";

/// One entry of the list.
pages::View application(store::Transaction& tx, const oauth::GivenConsent& given) {
  const auto client = oauth::find_client(tx, given.client);
  pages::View view;
  view.set("client", base::to_string(given.client))
      .set("name", client ? client->name : "An application that is gone")
      .list("words", describe_words(given.words));
  return view;
}

}  // namespace

http::Response Web::ask_consent(const provider::ConsentQuestion& question) const {
  const auto user =
      store_.read([&](store::Transaction& tx) { return accounts::find_user(tx, question.user); });
  const auto card = client_card(question.client);
  pages::View view;
  view.set("client", card.html)
      .set("user", user ? user->preferred_username() : "")
      .set("action", question.action)
      .set("token", question.token)
      .list("words", describe_words(question.words));
  return pages::page(200, "consent", "Allow access?", view, style_path, pages::any_target,
                     card.logo_origin);
}

Web::Awaitable<http::Response> Web::get_applications(http::Request& request) {
  const auto session = current(request);
  if (!session) co_return http::Response::redirect("/ui/login");
  const auto view = store_.read([&](store::Transaction& tx) {
    pages::View page;
    const auto user = accounts::find_user(tx, session->user);
    std::vector<pages::View> applications;
    for (const auto& given : oauth::list_consents(tx, session->user)) {
      applications.push_back(application(tx, given));
    }
    page.set("user", user ? user->preferred_username() : "").list("applications", applications);
    return page;
  });
  co_return pages::page(200, "applications", "Your applications", view, style_path);
}

Web::Awaitable<http::Response> Web::post_applications(http::Request& request) {
  if (auto refusal = refuse(request)) co_return *std::move(refusal);
  const auto session = current(request);
  if (!session) co_return http::Response::redirect("/ui/login");
  const auto form = http::Form::parse(request.body);
  const auto client = form ? base::parse_id<base::ClientId>(form->get("client")) : std::nullopt;
  if (!client) co_return message(400, "That did not work", "The form is malformed.");
  const auto now = clock_.now();
  auto unit = [&](store::Transaction& tx) {
    if (!oauth::revoke_consent(tx, session->user, *client)) return;
    record(tx, "consent.withdrawn", request, session->user, now, *client);
  };
  co_await async::commit(store_, std::move(unit));
  co_return http::Response::redirect("/ui/applications");
}

}  // namespace vestibule::web
