#include "provider/context.h"

#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {

http::RouteOptions protocol_options(std::string name) {
  return {.name = std::move(name), .body_limit = form_limit, .errors = render_problem};
}

void add_preflight(http::Router& router, const std::string& path, std::string methods) {
  auto answer = [methods =
                     std::move(methods)](http::Request&) -> boost::asio::awaitable<http::Response> {
    auto response = http::Response::no_content();
    allow_any_origin(response);
    response.with_header("Access-Control-Allow-Methods", methods)
        .with_header("Access-Control-Allow-Headers", "Authorization, Content-Type, DPoP")
        .with_header("Access-Control-Max-Age", "7200");
    co_return response;
  };
  router.add("OPTIONS", path, std::move(answer), protocol_options("preflight"));
}

void add_provider_routes(http::Router& router, ProviderContext& context) {
  add_metadata_endpoints(router, context);
  add_token_endpoint(router, context);
  add_device_endpoint(router, context);
  add_introspection_endpoint(router, context);
  add_revocation_endpoint(router, context);
  add_userinfo_endpoint(router, context);
  add_authorize_endpoint(router, context);
  add_authorize_decision(router, context);
  add_par_endpoint(router, context);
  add_end_session_endpoint(router, context);
}

}  // namespace vestibule::provider
