#include <utility>

#include "gateway/answers.h"
#include "gateway/api.h"
#include "gateway/forwarded_request.h"
#include "gateway/pages.h"
#include "gateway/upstream_headers.h"

namespace vestibule::gateway {

namespace asio = boost::asio;

namespace {

asio::awaitable<http::Response> decide(Context& context, ProxyTrust trust, http::Request& request) {
  if (trust == ProxyTrust::by_proof && !is_trusted_proxy(request, context.options.forward_auth))
    co_return error_answer(404, "not_found", "there is nothing here");
  const auto asked = read_forwarded(request, context.options.forward_auth.family,
                                    context.options.public_origin, context.options.trusted_proxies);
  if (!asked)
    co_return error_answer(403, "forwarded_request",
                           "the forwarded request is incomplete, malformed or of another origin");
  const auto cause = context.cause_of(request.headers);
  const auto upgrade = request.header("Upgrade");
  if (upgrade && (cause == Cause::foreign_page || !request.headers.contains("Origin")))
    co_return error_answer(403, "cross_site", "another site's page may not open this connection");

  auto visitor = context.read_visitor(request);
  const auto need =
      context.rules.matches(asked->method, asked->path) ? Need::somebody : Need::whoever_it_is;
  auto shown = shown_work(request.headers);
  const auto admission = co_await context.admissions.admit(std::move(visitor), need, cause,
                                                           asked->client, std::move(shown));
  if (admission.outcome == Admission::Outcome::work_due && is_page_load(request)) {
    // The proxy has kept the body of a form.
    auto page =
        work_page(*admission.work, asked->method == "GET" ? AfterWork::reload : AfterWork::go_back);
    add_cookies(page, admission.cookies);
    co_return page;
  }
  if (auto refusal = refuse_entrance(admission)) co_return *std::move(refusal);
  http::Response answer;
  answer.with_header("Cache-Control", "private, no-store");
  if (admission.identity)
    answer.with_header("Authorization",
                       "Bearer " + std::string(admission.identity->token.reveal()));
  add_cookies(answer, admission.cookies);
  co_return answer;
}

}  // namespace

void add_forward_auth_route(http::Router& router, Context& context, ProxyTrust trust) {
  router.add("*", "/guest/v1/forward-auth",
             [&context, trust](http::Request& request) { return decide(context, trust, request); },
             {.errors = render_problem});
}

}  // namespace vestibule::gateway
