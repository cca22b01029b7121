#include "gateway/proxy_site.h"

#include <utility>

#include "base/text.h"
#include "gateway/answers.h"
#include "gateway/pages.h"
#include "gateway/upstream_headers.h"
#include "http/forms.h"

namespace vestibule::gateway {

namespace asio = boost::asio;

namespace {

bool wants_html(const http::RequestHead& head) {
  const auto accept = head.header("Accept");
  return accept && accept->find("text/html") != std::string_view::npos;
}

bool asks_for_websocket(const http::RequestHead& head) {
  const auto upgrade = head.header("Upgrade");
  return upgrade && base::to_lower_ascii(base::trim(*upgrade)) == "websocket";
}

/// A form that is small enough is sent again by the page once the work is done.
asio::awaitable<http::Response> ask_for_work(http::Exchange& exchange, const WorkChallenge& work) {
  constexpr std::size_t largest_form = 16 * 1024;
  const auto& head = exchange.head();
  if (head.method == "GET") co_return work_page(work, AfterWork::reload);
  const auto length = exchange.content_length();
  if (head.method != "POST" || !length || *length > largest_form ||
      !http::has_media_type(head.headers, "application/x-www-form-urlencoded"))
    co_return work_page(work, AfterWork::go_back);
  std::string body;
  for (;;) {
    const auto piece = co_await exchange.read_body();
    if (piece.empty()) break;
    body += piece;
  }
  const auto form = http::Form::parse(body);
  if (!form) co_return work_page(work, AfterWork::go_back);
  co_return work_page(work, AfterWork::send_form, form->fields());
}

http::Response render_failure(const http::RequestHead& head, const http::Problem& problem) {
  if (!wants_html(head)) return render_problem(head, problem);
  return notice_page(http::status_of(problem.kind), "The site does not answer just now",
                     "Please try again in a moment. Nothing of yours is lost.", "/");
}

}  // namespace

void ProxySite::edit_answer(http::Response& answer,
                            const std::vector<http::SetCookie>& cookies) const {
  drop_our_cookies(answer.headers, context_.names);
  add_cookies(answer, cookies);
}

asio::awaitable<void> ProxySite::handle(http::Exchange& exchange) const {
  auto& head = exchange.head();
  const auto cause = context_.cause_of(head.headers);
  const bool websocket = asks_for_websocket(head);
  if (websocket && (cause == Cause::foreign_page ||
                    head.header("Origin") != std::string_view(context_.options.public_origin))) {
    auto refusal =
        error_answer(403, "cross_site", "another site's page may not open this connection");
    co_await exchange.respond(std::move(refusal));
    co_return;
  }

  const auto visitor = context_.read_visitor(head);
  const auto need =
      context_.rules.matches(head.method, head.path) ? Need::somebody : Need::whoever_it_is;
  auto shown = shown_work(head.headers);
  auto admission = co_await context_.admissions.admit(visitor, need, cause, head.client_address,
                                                      std::move(shown));
  if (admission.outcome == Admission::Outcome::work_due && is_page_load(head)) {
    auto page = co_await ask_for_work(exchange, *admission.work);
    add_cookies(page, admission.cookies);
    co_await exchange.respond(std::move(page));
    co_return;
  }
  if (auto refusal = refuse_entrance(admission)) {
    co_await exchange.respond(*std::move(refusal));
    co_return;
  }

  http::ForwardOptions options;
  const std::string token(admission.identity ? admission.identity->token.reveal()
                                             : std::string_view{});
  const UpstreamContext upstream{context_.names, context_.options.public_origin, token};
  options.headers = upstream_headers(head, upstream, context_.random);
  options.upgrades = websocket ? http::Upgrades::websocket : http::Upgrades::refused;
  options.response_timeout = context_.options.upstream_timeout;
  options.body_timeout = context_.options.upstream_timeout;
  const bool may_have_ticket = cause == Cause::own_page && !admission.identity &&
                               admission.cookies.empty() && is_html_navigation(head);
  options.edit_head = [this, &visitor, &admission, may_have_ticket](http::Response& answer) {
    edit_answer(answer, admission.cookies);
    if (!may_have_ticket || may_be_cached(answer.headers)) return;
    if (const auto ticket = context_.admissions.offer_ticket(visitor)) answer.with_cookie(*ticket);
  };
  // What was promised is kept even if the upstream does not answer: the guest is there.
  options.render_failure = [&head, &admission](const http::Problem& problem) {
    auto page = render_failure(head, problem);
    add_cookies(page, admission.cookies);
    return page;
  };
  co_await http::forward(exchange, upstream_, std::move(options));
}

}  // namespace vestibule::gateway
