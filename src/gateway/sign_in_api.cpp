#include <spdlog/spdlog.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/crypto.h"
#include "base/encoding.h"
#include "gateway/answers.h"
#include "gateway/api.h"
#include "gateway/input.h"
#include "gateway/login_state.h"
#include "gateway/pages.h"
#include "http/forms.h"

namespace vestibule::gateway {

namespace asio = boost::asio;
namespace json = boost::json;

namespace {

constexpr std::string_view choice_path = "/guest/v1/choice";

std::optional<GuestChoice> parse_choice(std::string_view word) {
  if (word == "keep") return GuestChoice::keep;
  if (word == "merge") return GuestChoice::merge;
  if (word == "discard") return GuestChoice::discard;
  return std::nullopt;
}

class SignInApi {
 public:
  explicit SignInApi(Context& context)
      : context_(context), cookies_(context.names, context.sealer) {}

  /// With the intent to merge told by a page of ours.
  asio::awaitable<http::Response> post_login(http::Request& request) {
    if (auto refusal = refuse_foreign(context_, request)) co_return std::move(*refusal);
    if (auto refusal = limit_sign_ins(context_, request)) co_return std::move(*refusal);
    const auto input = read_input(request);
    if (!input) co_return error_answer(input.error());
    const auto intent = input->get("merge") == "1" ? MergeIntent::merge : MergeIntent::ask;
    const auto hint = input->get("login_hint");
    auto begun =
        begin(request, intent, input->get("return_to"), hint.size() <= 254 ? hint : std::string{});
    if (input->kind == BodyKind::form)
      co_return http::Response::redirect(begun.location).with_cookie(begun.cookie);
    // A script cannot follow a redirect to another origin; it goes there itself.
    json::object body{{"location", begun.location}};
    co_return http::Response::json(200, json::serialize(body)).with_cookie(begun.cookie);
  }

  asio::awaitable<http::Response> get_login(http::Request& request) {
    const auto query = http::Form::parse(request.query);
    const auto return_to = query ? query->get("return_to") : std::string{};
    if (context_.cause_of(request.headers) == Cause::foreign_page)
      co_return continue_to_sign_in_page(context_.safe_return_to(return_to),
                                         origin_of(context_.provider.authorization_url({})));
    if (auto refusal = limit_sign_ins(context_, request)) co_return std::move(*refusal);
    auto begun = begin(request, MergeIntent::ask, return_to, {});
    co_return http::Response::redirect(begun.location).with_cookie(begun.cookie);
  }

  /// Comes from the provider's origin. It may set cookies all the same, since it has to match the
  /// sealed login cookie that a page of ours began with; until it does, none is touched.
  asio::awaitable<http::Response> callback(http::Request& request) {
    const auto now = context_.clock.now();
    if (auto refusal = limit_sign_ins(context_, request)) co_return std::move(*refusal);
    const auto login = cookies_.read_login(http::Cookies(request.headers), now);
    const auto query = http::Form::parse(request.query);
    if (!login || !query || query->first_duplicate() ||
        !base::equal_in_constant_time(query->get("state"), login->state))
      co_return notice_page(400, "The sign-in could not be completed",
                            "It was begun in another browser or too long ago.", "/");
    if (const auto error = query->find("error")) {
      spdlog::info("a sign-in was refused by the provider: {} request_id={}", error->substr(0, 40),
                   request.request_id);
      co_return notice_page(200, "You are not signed in", "The sign-in was not completed.",
                            login->return_to)
          .with_cookie(cookies_.erase_login());
    }
    auto signed_in = co_await complete(request, *login, query->get("code"));
    if (!signed_in) {
      spdlog::info("a sign-in failed: {} ({}) request_id={}", signed_in.error().message,
                   signed_in.error().detail, request.request_id);
      co_return notice_page(400, "The sign-in could not be completed",
                            signed_in.error().message + ".", login->return_to)
          .with_cookie(cookies_.erase_login());
    }
    const auto& undecided = signed_in->undecided_guest;
    auto answer = http::Response::redirect(undecided ? std::string(choice_path) : login->return_to);
    add_cookies(answer, context_.session.write(signed_in->grant, now));
    answer.with_cookie(cookies_.erase_login());
    if (undecided)
      answer.with_cookie(cookies_.write(
          ChoiceState{*undecided, signed_in->grant.session.session, login->return_to, now}, now));
    if (signed_in->merge_id) co_await await_merge(*signed_in->merge_id);
    co_return answer;
  }

  asio::awaitable<http::Response> show_choice(http::Request& request) {
    if (!read_choice(request)) co_return http::Response::redirect("/");
    co_return choice_page();
  }

  asio::awaitable<http::Response> choose(http::Request& request) {
    if (auto refusal = refuse_foreign(context_, request)) co_return std::move(*refusal);
    const auto input = read_input(request);
    if (!input) co_return error_answer(input.error());
    const auto choice = parse_choice(input->get("choice"));
    if (!choice)
      co_return error_answer(422, "invalid_fields", "some fields cannot be taken",
                             {{"choice", "has to be keep, merge or discard"}});
    const auto asked = read_choice(request);
    const auto visitor = context_.read_visitor(request);
    if (!asked || !visitor.session) co_return no_session_answer();
    ChoiceRequest wish{visitor.session->session, asked->guest, *choice, address_of(request)};
    const auto done = co_await context_.provider.choose(std::move(wish));
    if (!done)
      co_return notice_page(error_answer(done.error()).status, "That did not work",
                            done.error().message, asked->return_to)
          .with_cookie(cookies_.erase_choice());
    if (done->merge_id) co_await await_merge(*done->merge_id);
    co_return http::Response::redirect(asked->return_to).with_cookie(cookies_.erase_choice());
  }

 private:
  struct Begun {
    std::string location;
    http::SetCookie cookie;
  };

  Begun begin(const http::Request& request, MergeIntent intent, std::string_view return_to,
              std::string login_hint) const {
    const auto now = context_.clock.now();
    const auto visitor = context_.read_visitor(request);
    LoginState login;
    login.state = base::random_token(context_.random);
    login.nonce = base::random_token(context_.random);
    login.code_verifier = base::Secret(base::random_token(context_.random));
    login.return_to = context_.safe_return_to(return_to);
    login.started_at = now;
    login.intent = intent;
    if (visitor.session) login.session = visitor.session->session.session;

    SignInStart start;
    start.state = login.state;
    start.nonce = login.nonce;
    // RFC 7636 4.2: code_challenge = BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))
    start.code_challenge = base::to_base64url(base::sha256(login.code_verifier.reveal()));
    start.prompt = login.session ? SignInStart::Prompt::login : SignInStart::Prompt::unforced;
    start.login_hint = std::move(login_hint);
    return {context_.provider.authorization_url(start), cookies_.write(login, now)};
  }

  Awaitable<SignedIn> complete(const http::Request& request, const LoginState& login,
                               std::string code) const {
    const auto visitor = context_.read_visitor(request);
    SignInAnswer answer;
    answer.code = base::Secret(std::move(code));
    answer.code_verifier = login.code_verifier;
    answer.nonce = login.nonce;
    answer.client_address = address_of(request);
    if (login.session) answer.authenticated_since = login.started_at;
    if (visitor.session) {
      answer.previous = visitor.session->session;
      // The intent was told for the session of then; somebody else is asked again.
      if (login.session == answer.previous->session) answer.intent = login.intent;
    }
    co_return co_await context_.provider.complete_sign_in(std::move(answer));
  }

  /// So that the person comes back to a merged cart; what takes longer completes by itself.
  asio::awaitable<void> await_merge(std::string id) const {
    const auto progress =
        co_await context_.provider.await_merge(std::move(id), context_.options.merge_wait);
    if (progress == MergeProgress::open)
      spdlog::info("a merge goes on in the background after the sign-in");
  }

  /// Only for the browser whose sign-in was asked about.
  std::optional<ChoiceState> read_choice(const http::Request& request) const {
    auto choice = cookies_.read_choice(http::Cookies(request.headers), context_.clock.now());
    const auto visitor = context_.read_visitor(request);
    if (!choice || !visitor.session || visitor.session->session.session != choice->account)
      return std::nullopt;
    return choice;
  }

  static std::string address_of(const http::Request& request) {
    return request.client_address.is_unspecified() ? std::string{}
                                                   : request.client_address.to_string();
  }

  Context& context_;
  LoginCookies cookies_;
};

}  // namespace

void add_sign_in_routes(http::Router& router, Context& context) {
  const auto api = std::make_shared<SignInApi>(context);
  const auto add = [&](const char* method, std::string path,
                       asio::awaitable<http::Response> (SignInApi::*verb)(http::Request&)) {
    router.add(method, std::move(path),
               [api, verb](http::Request& request) { return ((*api).*verb)(request); },
               {.body_limit = std::size_t{16} * 1024, .errors = render_problem});
  };
  add("POST", "/guest/v1/login", &SignInApi::post_login);
  add("GET", "/guest/v1/login", &SignInApi::get_login);
  add("GET", "/guest/v1/callback", &SignInApi::callback);
  add("GET", std::string(choice_path), &SignInApi::show_choice);
  add("POST", std::string(choice_path), &SignInApi::choose);
}

}  // namespace vestibule::gateway
