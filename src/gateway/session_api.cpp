#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "gateway/answers.h"
#include "gateway/api.h"
#include "gateway/input.h"
#include "gateway/pages.h"

namespace vestibule::gateway {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

/// How the audit log's types read to the person they are about.
struct Telling {
  std::string_view type;
  std::string_view text;
};
/// None for what only operators read about.
std::optional<Telling> tell(std::string_view type) {
  static constexpr std::array<std::pair<std::string_view, Telling>, 16> tellings{{
      {"guest.provisioned", {"provisioned", "A temporary user was made for you"}},
      {"token.exchanged", {"exchanged", "A token was made for you by the service account"}},
      {"session.renewed", {"renewed", "Your token was renewed"}},
      {"token.renewed", {"renewed", "Your token was renewed"}},
      {"guest.upgraded", {"upgraded", "You registered; you are the same user as before"}},
      {"guest.merge_requested",
       {"merge_requested", "Your guest data is on its way to your account"}},
      {"guest.merged", {"merged", "What you did as a guest was added to your account"}},
      {"guest.merge_abandoned",
       {"merge_abandoned", "What you did as a guest could not be added to your account"}},
      {"email.proved", {"proved", "Your e-mail address was confirmed"}},
      {"password.reset", {"password_reset", "A new password was set"}},
      {"password.set", {"password_set", "A new password was set"}},
      {"user.created", {"registered", "Your account was made"}},
      {"user.signed_in", {"authenticated", "You showed who you are"}},
      {"token.issued", {"issued", "A token was made for an application"}},
      {"session.opened", {"signed_in", "You signed in"}},
      {"session.ended", {"signed_out", "You signed out"}},
  }};
  const auto found = std::ranges::find(tellings, type, [](const auto& each) { return each.first; });
  return found == tellings.end() ? std::nullopt : std::optional(found->second);
}

class SessionApi {
 public:
  explicit SessionApi(Context& context) : context_(context) {}

  asio::awaitable<http::Response> show(http::Request& request) {
    const auto cause = context_.cause_of(request.headers);
    auto visitor = context_.read_visitor(request);
    auto admission = co_await context_.admissions.admit(visitor, Need::whoever_it_is, cause,
                                                        request.client_address);
    if (admission.identity) {
      const auto profile = co_await context_.provider.profile(admission.identity->session);
      if (profile) {
        auto answer = session_answer(200, *profile, *admission.identity);
        add_cookies(answer, admission.cookies);
        co_return answer;
      }
      admission.cookies = dead_cookie(admission.identity->session);
    }
    if (cause == Cause::foreign_page) co_return signed_out_answer(std::nullopt);
    visitor.session.reset();
    const auto offer = context_.admissions.offer(visitor);
    auto answer = signed_out_answer(offer.work);
    add_cookies(answer, admission.cookies);
    if (offer.ticket) answer.with_cookie(*offer.ticket);
    co_return answer;
  }

  asio::awaitable<http::Response> open(http::Request& request) {
    if (auto refusal = refuse_foreign(context_, request)) co_return std::move(*refusal);
    auto visitor = context_.read_visitor(request);
    const auto shown = read_work(request);
    // Twice at most: a session that another node has just ended shows only when it is looked up.
    for (int attempt = 0; attempt < 2; ++attempt) {
      auto admission = co_await context_.admissions.admit(visitor, Need::somebody, Cause::own_page,
                                                          request.client_address, shown);
      if (auto refusal = refuse_entrance(admission)) co_return *std::move(refusal);
      const auto profile = co_await context_.provider.profile(admission.identity->session);
      if (profile) {
        auto answer = session_answer(admission.novelty == Novelty::created ? 201 : 200, *profile,
                                     *admission.identity);
        add_cookies(answer, admission.cookies);
        co_return answer;
      }
      visitor = Visitor{};
    }
    co_return error_answer(503, "unavailable", "the session ended while it was opened");
  }

  asio::awaitable<http::Response> erase(http::Request& request) {
    if (auto refusal = refuse_foreign(context_, request)) co_return std::move(*refusal);
    const auto visitor = context_.read_visitor(request);
    if (!visitor.session) co_return no_session_answer();
    const auto erased = co_await context_.provider.erase_guest(visitor.session->session);
    if (!erased)
      co_return with_dead_cookie(error_answer(erased.error()), erased.error(),
                                 visitor.session->session);
    auto answer = http::Response::no_content();
    forget_browser(answer);
    co_return answer;
  }

  asio::awaitable<http::Response> log_out(http::Request& request) {
    if (auto refusal = refuse_foreign(context_, request)) co_return std::move(*refusal);
    const auto input = read_input(request);
    if (!input) co_return error_answer(input.error());
    const auto visitor = context_.read_visitor(request);
    std::string continue_at;
    if (visitor.session) {
      auto ended = co_await context_.provider.end_session(visitor.session->session);
      if (!ended) co_return error_answer(ended.error());
      continue_at = std::move(ended->continue_at);
    }
    auto answer = http::Response::no_content();
    if (input->kind == BodyKind::form) {
      const auto back = context_.safe_return_to(input->get("return_to"));
      answer = http::Response::redirect(continue_at.empty() ? back : continue_at);
    } else if (!continue_at.empty()) {
      answer =
          http::Response::json(200, json::serialize(json::object{{"continue_at", continue_at}}));
    }
    forget_browser(answer);
    co_return answer;
  }

  asio::awaitable<http::Response> timeline(http::Request& request) {
    const auto cause = context_.cause_of(request.headers);
    auto visitor = context_.read_visitor(request);
    const auto admission = co_await context_.admissions.admit(
        std::move(visitor), Need::whoever_it_is, cause, request.client_address);
    if (!admission.identity) {
      auto answer = no_session_answer();
      add_cookies(answer, admission.cookies);
      co_return answer;
    }
    const auto entries = co_await context_.provider.timeline(admission.identity->session);
    if (!entries) co_return error_answer(entries.error());
    json::array events;
    for (const auto& entry : *entries) {
      if (const auto told = tell(entry.type)) {
        events.push_back(json::object{
            {"at", base::to_seconds(entry.at)}, {"type", told->type}, {"text", told->text}});
      }
    }
    json::object body{{"events", std::move(events)}};
    auto answer = http::Response::json(200, json::serialize(body))
                      .with_header("Cache-Control", "private, no-store");
    add_cookies(answer, admission.cookies);
    co_return answer;
  }

  asio::awaitable<http::Response> upgrade(http::Request& request) {
    if (auto refusal = refuse_foreign(context_, request)) co_return std::move(*refusal);
    // Read without the ended set: the provider tells a guest that was deleted from a session that
    // has ended otherwise.
    const auto held = context_.session.read(http::Cookies(request.headers), context_.clock.now());
    if (!held.grant) co_return no_session_answer();
    if (auto refusal = limit_sign_ins(context_, request)) co_return std::move(*refusal);
    const auto input = read_input(request);
    if (!input) co_return error_answer(input.error());
    auto checked = check_upgrade(*input);
    if (!checked.form.password.empty()) {
      const auto& form = checked.form;
      std::vector<std::string> own_words{form.given_name, form.family_name, form.email,
                                         form.email.substr(0, form.email.find('@'))};
      base::Secret password = form.password;
      const auto good =
          co_await context_.provider.check_password(std::move(password), std::move(own_words));
      if (!good) checked.errors["password"] = good.error().message;
    }
    const auto return_to = context_.safe_return_to(input->get("return_to"));
    if (!checked.errors.empty())
      co_return input->kind == BodyKind::form
          ? notice_page(422, "Please look again",
                        "Some of what you entered cannot be taken:", return_to, checked.errors)
          : error_answer(422, "invalid_fields", "some fields cannot be taken", checked.errors);

    const SessionHandle& held_session = held.grant->session;
    SessionHandle handle = held_session;
    checked.form.client_address =
        request.client_address.is_unspecified() ? "" : request.client_address.to_string();
    auto upgraded = co_await context_.provider.upgrade(std::move(handle), std::move(checked.form));
    if (!upgraded) {
      auto answer = input->kind == BodyKind::form
                        ? notice_page(error_answer(upgraded.error()).status, "That did not work",
                                      upgraded.error().message, return_to)
                        : error_answer(upgraded.error());
      co_return with_dead_cookie(std::move(answer), upgraded.error(), held_session);
    }
    auto answer = input->kind == BodyKind::form
                      ? http::Response::redirect(return_to)
                      : session_answer(200, upgraded->profile, upgraded->grant);
    add_cookies(answer, context_.session.write(upgraded->grant, context_.clock.now()));
    co_return answer;
  }

 private:
  void forget_browser(http::Response& answer) const {
    add_cookies(answer, context_.session.erase());
    answer.with_cookie(context_.ticket.erase());
  }

  /// A cookie that leads nowhere is deleted with the answer that says so.
  http::Response with_dead_cookie(http::Response answer, const base::Error& error,
                                  const SessionHandle& held) const {
    if (error.reason == "guest_gone") add_cookies(answer, context_.session.erase());
    if (error.reason == "no_session") add_cookies(answer, dead_cookie(held));
    return answer;
  }

  std::vector<http::SetCookie> dead_cookie(const SessionHandle& held) const {
    const auto leftover = leftover_of(context_.ended, held.session, context_.clock.now());
    if (leftover == Leftover::none) return {};
    return context_.session.erase();
  }

  Context& context_;
};

}  // namespace

void add_session_routes(http::Router& router, Context& context) {
  const auto api = std::make_shared<SessionApi>(context);
  const auto add = [&](const char* method, const char* path,
                       asio::awaitable<http::Response> (SessionApi::*verb)(http::Request&)) {
    router.add(method, path,
               [api, verb](http::Request& request) { return ((*api).*verb)(request); },
               {.body_limit = std::size_t{16} * 1024, .errors = render_problem});
  };
  add("GET", "/guest/v1/session", &SessionApi::show);
  add("POST", "/guest/v1/session", &SessionApi::open);
  add("DELETE", "/guest/v1/session", &SessionApi::erase);
  add("POST", "/guest/v1/logout", &SessionApi::log_out);
  add("GET", "/guest/v1/timeline", &SessionApi::timeline);
  add("POST", "/guest/v1/upgrade", &SessionApi::upgrade);
}

}  // namespace vestibule::gateway
