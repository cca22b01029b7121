#include "gateway/gateway.h"

#include <stdexcept>
#include <utility>

#include "gateway/answers.h"
#include "gateway/api.h"
#include "gateway/pages.h"
#include "gateway/proxy_site.h"

namespace vestibule::gateway {

namespace {

boost::asio::awaitable<http::Response> nothing_here(http::Request& request) {
  const http::Problem problem{http::ProblemKind::not_found, "there is no such call"};
  co_return render_problem(request, problem);
}

}  // namespace

Gateway::Gateway(GatewayOptions options, Dependencies dependencies)
    : context_(std::make_unique<Context>(std::move(options), dependencies)) {}

Gateway::~Gateway() = default;

void Gateway::add_routes(http::Router& router) {
  add_asset_routes(router);
  add_session_routes(router, *context_);
  add_sign_in_routes(router, *context_);
  add_proof_routes(router, *context_);
  add_service_routes(router, *context_);
  add_forward_auth_route(router, *context_, ProxyTrust::by_proof);
  http::RouteOptions rest{.name = "/guest/v1/*", .errors = render_problem};
  router.add("*", "/guest/v1", nothing_here, rest);
  router.add("*", "/guest/v1/*", nothing_here, rest);
}

void Gateway::add_trusted_routes(http::Router& router) {
  if (context_->options.cookie_format == CookieFormat::jwt)
    throw std::invalid_argument(
        "forward-auth sets one cookie at most, and the cookie format jwt needs two");
  add_forward_auth_route(router, *context_, ProxyTrust::by_listener);
}

http::ErrorRenderer site_errors() {
  return [](const http::RequestHead& head, const http::Problem& problem) {
    const auto accept = head.header("Accept");
    const bool person = accept && accept->find("text/html") != std::string_view::npos &&
                        !head.path.starts_with("/guest/v1");
    if (!person) return render_problem(head, problem);
    return notice_page(http::status_of(problem.kind), "That did not work", problem.message, "/");
  };
}

http::StreamHandler Gateway::proxy(const http::UpstreamPool& upstream) {
  auto site = std::make_shared<const ProxySite>(*context_, upstream);
  return [site](http::Exchange& exchange) { return site->handle(exchange); };
}

}  // namespace vestibule::gateway
