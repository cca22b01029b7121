#include "web/web.h"

#include <fmt/core.h>

#include <algorithm>

#include "accounts/mailbox.h"
#include "base/encoding.h"
#include "base/text.h"
#include "events/audit.h"
#include "http/forms.h"
#include "http/origin.h"
#include "pages/form_post.h"
#include "pages/page.h"
#include "pages/signed_out.h"

namespace vestibule::web {
namespace {

constexpr std::string_view style_path = "/ui/style.css";

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

/// The text of a mail as HTML, with its http(s) URLs as links.
std::string link_urls(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto start = std::min(text.find("http://"), text.find("https://"));
    out += escape_html(text.substr(0, start));
    if (start == std::string_view::npos) break;
    text.remove_prefix(start);
    const auto url = escape_html(text.substr(0, text.find_first_of(" \r\n\t")));
    out += fmt::format("<a data-testid=\"mail-link\" href=\"{0}\">{0}</a>", url);
    text.remove_prefix(std::min(text.find_first_of(" \r\n\t"), text.size()));
  }
  return out;
}

/// A third of what may sign in, since a person types a device's code once.
http::Rate rate_of_guesses(http::Rate rate) {
  rate.count = std::max(rate.count / 3, 1U);
  rate.burst = std::max(rate.burst / 3, 1U);
  return rate;
}

/// Where a sign-in leads that was for this request.
std::string after_sign_in(std::string_view request_token) {
  if (request_token.starts_with(Web::device_request)) {
    request_token.remove_prefix(Web::device_request.size());
    return "/device/confirm?request=" + base::percent_encode(request_token);
  }
  return "/oauth/v2/authorize/continue?request=" + base::percent_encode(request_token);
}

}  // namespace

Web::Web(WebOptions options, store::Store& store, const sessions::Sessions& sessions,
         accounts::UserIds& ids, keys::PurposeKeys& keys, async::CpuPool& pool,
         const accounts::RefusedList& refused, const base::Clock& clock, base::Random& random)
    : options_(std::move(options)),
      store_(store),
      sessions_(sessions),
      ids_(ids),
      browser_sessions_(options_.public_origin, keys, random),
      device_cookie_(options_.public_origin, keys, random),
      sealer_(keys, random),
      pool_(pool),
      refused_(refused),
      clock_(clock),
      random_(random),
      limiter_(options_.sign_in_rate),
      guess_limiter_(rate_of_guesses(options_.sign_in_rate)),
      guard_(options_.failures_per_account) {}

void Web::add_routes(http::Router& router) {
  using Page = Awaitable<http::Response> (Web::*)(http::Request&);
  const auto route = [this, &router](std::string method, std::string path, Page answer) {
    router.add(std::move(method), std::move(path),
               [this, answer](http::Request& request) { return (this->*answer)(request); });
  };
  router.add("GET", std::string(style_path),
             [](http::Request&) -> Awaitable<http::Response> { co_return pages::style_sheet(); });
  router.add("GET", "/ui/login", [this](http::Request& request) -> Awaitable<http::Response> {
    const auto query = http::Form::parse(request.query);
    if (!query) co_return message(400, "That did not work", query.error().message);
    co_return login_page(200, query->get("request"), query->get("login_hint"), "");
  });
  route("POST", "/ui/login", &Web::post_login);
  router.add("GET", "/ui/register", [](http::Request& request) -> Awaitable<http::Response> {
    const auto query = http::Form::parse(request.query);
    const auto token = query ? query->get("request") : std::string{};
    pages::View view;
    view.set("request", token).set("request_encoded", base::percent_encode(token));
    co_return pages::page(200, "register", "Make an account", view, style_path, pages::any_target);
  });
  route("POST", "/ui/register", &Web::post_register);
  router.add("GET", "/ui/forgot", [](http::Request& request) -> Awaitable<http::Response> {
    const auto query = http::Form::parse(request.query);
    pages::View view;
    view.set("request", query ? query->get("request") : std::string{});
    co_return pages::page(200, "forgot", "Forgotten password", view, style_path);
  });
  route("POST", "/ui/forgot", &Web::post_forgot);
  route("GET", "/ui/reset", &Web::get_reset);
  route("POST", "/ui/reset", &Web::post_reset);
  route("POST", "/ui/renewal", &Web::post_renewal);
  route("GET", "/ui/applications", &Web::get_applications);
  route("POST", "/ui/applications", &Web::post_applications);
  route("GET", "/ui/proof", &Web::get_proof);
  route("POST", "/ui/proof", &Web::post_proof);
  if (options_.mailbox == Mailbox::shown) {
    router.add("GET", "/mailbox",
               [this](http::Request&) -> Awaitable<http::Response> { co_return show_mailbox(); });
  }
}

std::optional<provider::BrowserSession> Web::current(const http::RequestHead& request) const {
  const auto now = clock_.now();
  const auto id = browser_sessions_.read(request, now);
  if (!id) return std::nullopt;
  const auto session =
      store_.read([&](store::Transaction& tx) { return sessions_.find(tx, *id, now); });
  if (!session || session->kind != sessions::Kind::provider || !session->auth_time) {
    return std::nullopt;
  }
  return provider::BrowserSession{session->id, session->user, *session->auth_time, session->amr};
}

http::Response Web::start(std::string_view request_token, std::string_view login_hint) const {
  auto target = fmt::format("/ui/login?request={}", base::percent_encode(request_token));
  if (!login_hint.empty()) target += "&login_hint=" + base::percent_encode(login_hint);
  return http::Response::redirect(std::move(target));
}

http::Response Web::confirm_logout(
    const std::vector<std::pair<std::string, std::string>>& fields) const {
  std::vector<pages::View> hidden;
  for (const auto& [name, value] : fields) {
    hidden.push_back(pages::View{}.set("name", name).set("value", value));
  }
  pages::View view;
  view.list("hidden", hidden).set("action", "/oidc/v1/end_session");
  return pages::page(200, "logout", "Sign out", view, style_path, pages::any_target);
}

http::Response Web::form_post(
    std::string_view redirect_uri,
    const std::vector<std::pair<std::string, std::string>>& fields) const {
  return pages::form_post(redirect_uri, fields, style_path);
}

http::Response Web::error_page(const oauth::Error& error) const {
  pages::View view;
  view.set("message", error.description).set("code", error.code);
  return pages::page(error.status, "message", "This request cannot be completed", view, style_path);
}

http::Response Web::signed_out(const provider::SignedOut& done) const {
  if (done.frames.empty()) return message(200, "Signed out", "You are signed out.");
  return pages::signed_out(
      done.frames, done.location.empty() ? options_.application_url : done.location,
      done.location.empty() ? pages::Leave::by_link : pages::Leave::at_once, style_path);
}

void Web::clear_cookie(http::Response& response) const {
  response.with_cookie(browser_sessions_.clear());
}

http::Response Web::message(int status, std::string_view title, std::string_view text) const {
  pages::View view;
  view.set("message", text);
  if (!options_.application_url.empty())
    view.set("link", options_.application_url).set("link_text", "Go on");
  return pages::page(status, "message", title, view, style_path);
}

std::optional<http::Response> Web::refuse(const http::Request& request, Attempt attempt) {
  if (http::check_csrf(request.headers, options_.public_origin) == http::CsrfVerdict::refused) {
    return message(403, "That did not work", "This form was sent from another site.");
  }
  auto& limiter = attempt == Attempt::guess ? guess_limiter_ : limiter_;
  const auto verdict = limiter.check(request.client_address, clock_.now());
  if (!verdict.allowed) {
    auto refusal = message(429, "Too many attempts", "Please wait a moment and try again.");
    refusal.with_header("Retry-After", std::to_string(verdict.retry_after_seconds()));
    return refusal;
  }
  return std::nullopt;
}

sessions::Session Web::open_session(store::Transaction& tx, const http::Request& request,
                                    base::UserId user, base::Time now) const {
  if (const auto old = browser_sessions_.read(request, now)) sessions_.end(tx, *old, now);
  sessions::Session session;
  session.id = base::SessionId{base::Uuid::make(now, random_)};
  session.user = user;
  session.kind = sessions::Kind::provider;
  session.created_at = session.rotated_at = now;
  session.expires_at = now + browser_session_lifetime;
  session.auth_time = now;
  session.amr = "pwd";
  sessions_.insert(tx, session);
  record(tx, "user.signed_in", request, user, now);
  return session;
}

void Web::record(store::Transaction& tx, std::string_view type, const http::Request& request,
                 base::UserId user, base::Time now, std::optional<base::ClientId> client) {
  const auto address = request.client_address.to_string();
  events::record(tx, {.type = type, .user = user, .client = client, .address = address}, now);
}

void Web::note_refused(const http::Request& request, std::optional<base::UserId> user,
                       std::string_view outcome) const {
  if (options_.refused_attempts == nullptr) return;
  options_.refused_attempts->note(user.value_or(events::nobody), outcome,
                                  request.client_address.to_string(), clock_.now());
}

SignInGuard::Attempt Web::begin_attempt(const http::Request& request, std::string_view name,
                                        std::optional<base::UserId> user) {
  const auto now = clock_.now();
  return guard_.begin(name, user, device_cookie_.read(request, now), request.client_address, now);
}

http::Response Web::go_on(const http::Request& request, std::string_view request_token,
                          const sessions::Session& session, std::string_view done) const {
  auto response = request_token.empty() ? message(200, "Done", done)
                                        : http::Response::redirect(after_sign_in(request_token));
  const auto now = session.created_at;
  response.with_cookie(browser_sessions_.write(session.id, now));
  response.with_cookie(device_cookie_.write(device_cookie_.read(request, now), session.user, now));
  return response;
}

http::Response Web::show_mailbox() const {
  constexpr int most = 50;
  const auto mails =
      store_.read([](store::Transaction& tx) { return accounts::list_mailbox(tx, most); });
  std::vector<pages::View> views;
  for (const auto& mail : mails) {
    views.push_back(pages::View{}
                        .set("subject", mail.subject)
                        .set("to", mail.to)
                        .set("at", base::to_rfc3339(mail.sent_at))
                        .set("body_html", link_urls(mail.body)));
  }
  return pages::page(200, "mailbox", "Mailbox", pages::View{}.list("mails", views), style_path);
}

}  // namespace vestibule::web
