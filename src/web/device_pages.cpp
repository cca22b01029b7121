#include "web/device_pages.h"

#include <utility>

#include "accounts/users.h"
#include "async/commit.h"
#include "base/encoding.h"
#include "events/audit.h"
#include "http/forms.h"
#include "oauth/device_authorization.h"
#include "pages/page.h"
#include "sessions/device_codes.h"
#include "web/client_card.h"
#include "web/scope_words.h"

namespace vestibule::web {
namespace {

constexpr std::string_view style_path = "/ui/style.css";
// A code on its way to the confirmation, and the confirmation that one session was shown.
constexpr std::string_view code_purpose = "device-code";
constexpr std::string_view confirmation_purpose = "device-confirmation";
/// Sealed values are exact to the day only; the code itself lives for minutes.
constexpr base::Milliseconds seal_life = std::chrono::hours(24);

std::string confirm_path(std::string_view token) {
  return "/device/confirm?request=" + base::percent_encode(token);
}

/// Whether this user may sign a device of the client in: as issue_code judges.
bool may_approve(const std::optional<accounts::User>& user, const oauth::Client& client) {
  return user && user->state == accounts::UserState::active &&
         user->standing() == accounts::Standing::account &&
         user->organization == client.organization;
}

}  // namespace

DevicePages::DevicePages(Web& web, std::string public_origin, store::Store& store,
                         const sessions::Sessions& sessions, keys::PurposeKeys& keys,
                         const base::Secret& user_code_key, const base::Clock& clock,
                         base::Random& random)
    : web_(web),
      origin_(std::move(public_origin)),
      store_(store),
      sessions_(sessions),
      sealer_(keys, random),
      user_code_key_(user_code_key),
      clock_(clock) {}

void DevicePages::add_routes(http::Router& router) {
  using Page = Awaitable<http::Response> (DevicePages::*)(http::Request&);
  const auto route = [this, &router](std::string method, std::string path, Page answer) {
    router.add(std::move(method), std::move(path),
               [this, answer](http::Request& request) { return (this->*answer)(request); });
  };
  route("GET", "/device", &DevicePages::get_code);
  route("POST", "/device", &DevicePages::post_code);
  route("GET", "/device/confirm", &DevicePages::confirm);
  route("POST", "/device/decision", &DevicePages::decide);
}

std::optional<DevicePages::Waiting> DevicePages::find(store::Transaction& tx,
                                                      const oauth::UserCode& code) const {
  const auto waiting = sessions::find_waiting_device(tx, code.key(user_code_key_), clock_.now());
  auto client = waiting ? oauth::find_client(tx, waiting->client) : std::nullopt;
  if (!client) return std::nullopt;
  return Waiting{code, *std::move(client), oauth::Scope::parse(waiting->scope)};
}

http::Response DevicePages::ask_code(int status, std::string_view typed,
                                     std::string_view error) const {
  constexpr std::size_t longest = 32;
  pages::View view;
  if (!typed.empty()) view.set("user_code", typed.substr(0, longest));
  if (!error.empty()) view.set("error", error);
  return pages::page(status, "device", "Sign a device in", view, style_path);
}

http::Response DevicePages::gone() const {
  return ask_code(400, "", "There is no device with this code, or it has waited too long.");
}

// RFC 8628 3.3.1: a code in the link is typed already; the person still has to confirm it.
DevicePages::Awaitable<http::Response> DevicePages::get_code(http::Request& request) {
  const auto query = http::Form::parse(request.query);
  const auto code = query ? oauth::UserCode::parse(query->get("user_code")) : std::nullopt;
  co_return ask_code(200, code ? code->text() : "", "");
}

DevicePages::Awaitable<http::Response> DevicePages::post_code(http::Request& request) {
  if (auto refusal = web_.refuse(request, Web::Attempt::guess)) co_return *std::move(refusal);
  const auto form = http::Form::parse(request.body);
  const auto typed = form ? form->get("user_code") : std::string();
  const auto code = oauth::UserCode::parse(typed);
  const auto found =
      code ? store_.read([&](store::Transaction& tx) { return find(tx, *code); }) : std::nullopt;
  if (!found) co_return gone();
  const auto token = sealer_.seal(code_purpose, origin_, code->text(), clock_.now());
  co_return http::Response::redirect(confirm_path(token));
}

DevicePages::Awaitable<http::Response> DevicePages::confirm(http::Request& request) {
  const auto now = clock_.now();
  const auto query = http::Form::parse(request.query);
  const auto token = query ? query->get("request") : std::string();
  const auto text = sealer_.open(code_purpose, origin_, token, now, seal_life);
  const auto code = text ? oauth::UserCode::parse(*text) : std::nullopt;
  if (!code) co_return gone();
  const auto session = web_.current(request);
  if (!session) {
    const std::string begun = std::string(Web::device_request) + token;
    co_return http::Response::redirect("/ui/login?request=" + base::percent_encode(begun));
  }
  std::optional<accounts::User> user;
  const auto found = store_.read([&](store::Transaction& tx) {
    user = accounts::find_user(tx, session->user);
    return find(tx, *code);
  });
  if (!found) co_return gone();
  if (!may_approve(user, found->client)) {
    co_return web_.message(403, "That did not work", "This application is not for your account.");
  }
  const auto card = client_card(found->client);
  pages::View view;
  view.set("client", card.html)
      .set("user_code", found->code.text())
      .set("user", user->preferred_username())
      .set("token", sealer_.seal(confirmation_purpose, origin_,
                                 session->id.token() + found->code.text(), now))
      .list("words", describe_words(found->scope));
  co_return pages::page(200, "device_confirm", "Sign this device in?", view, style_path,
                        pages::own_target, card.logo_origin);
}

DevicePages::Awaitable<http::Response> DevicePages::decide(http::Request& request) {
  if (auto refusal = web_.refuse(request)) co_return *std::move(refusal);
  const auto now = clock_.now();
  const auto form = http::Form::parse(request.body);
  const auto session = web_.current(request);
  if (!form || form->first_duplicate() || !session) co_return gone();
  const auto decision = form->get("decision");
  const auto opened =
      sealer_.open(confirmation_purpose, origin_, form->get("consent"), now, seal_life);
  // It was shown to this very session.
  const auto shown_to = session->id.token();
  const auto code = opened && opened->starts_with(shown_to)
                        ? oauth::UserCode::parse(opened->substr(shown_to.size()))
                        : std::nullopt;
  if (!code || (decision != "allow" && decision != "deny")) co_return gone();
  const bool allowed = decision == "allow";

  auto unit = [&](store::Transaction& tx) {
    const auto live = sessions_.find(tx, session->id, now);
    const auto found = find(tx, *code);
    if (!live || !found || !may_approve(accounts::find_user(tx, live->user), found->client)) {
      return false;
    }
    const auto address = request.client_address.to_string();
    events::record(tx,
                   {.type = "device.decided",
                    .user = live->user,
                    .client = found->client.id,
                    .address = address,
                    .outcome = allowed ? "" : "denied"},
                   now);
    return sessions::decide_device(
        tx, code->key(user_code_key_),
        {.state = allowed ? sessions::DeviceState::approved : sessions::DeviceState::denied,
         .user = live->user,
         .auth_time = session->auth_time,
         .amr = session->amr},
        now);
  };
  if (!co_await async::commit(store_, std::move(unit))) co_return gone();
  co_return allowed ? web_.message(200, "Done", "Your device is signed in. You can go back to it.")
                    : web_.message(200, "Refused", "Your device has not been signed in.");
}

}  // namespace vestibule::web
