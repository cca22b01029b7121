#include <fmt/core.h>

#include <string>

#include "oauth/discovery.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// May be kept, but has to be asked for again after a while.
http::Response public_json(std::string body, base::Seconds max_age) {
  auto response = http::Response::json(200, std::move(body));
  response.with_header("Cache-Control",
                       fmt::format("max-age={}, must-revalidate", max_age.count()));
  allow_any_origin(response);
  return response;
}

awaitable<http::Response> ok(http::Request&) {
  co_return http::Response::text(200, "ok").with_header("Cache-Control", "no-store");
}

}  // namespace

void add_metadata_endpoints(http::Router& router, ProviderContext& context) {
  const std::string document =
      oauth::metadata_json(context.issuer.issuer(), context.options.capabilities);
  for (const char* path :
       {oauth::paths::openid_configuration, oauth::paths::authorization_server}) {
    router.add(
        "GET", path,
        [document](http::Request&) -> awaitable<http::Response> {
          co_return public_json(document, keys::jwks_max_age);
        },
        protocol_options("metadata"));
    add_preflight(router, path, "GET");
  }
  router.add(
      "GET", oauth::paths::keys,
      [&context](http::Request&) -> awaitable<http::Response> {
        const auto ring = context.keys.ring();
        co_return public_json(ring->jwks_json(), keys::jwks_max_age);
      },
      protocol_options("keys"));
  add_preflight(router, oauth::paths::keys, "GET");

  router.add("GET", "/debug/healthz", ok, protocol_options("healthz"));
  router.add(
      "GET", "/debug/ready",
      [&context](http::Request&) -> awaitable<http::Response> {
        // Ready is who can read the store and sign; a lost store throws and is answered 503.
        context.store.read([](store::Transaction&) {});
        const bool signs = !context.keys.ring()->keys().empty();
        co_return http::Response::json(signs ? 200 : 503,
                                       signs ? R"("ok")" : R"("no signing keys")")
            .with_header("Cache-Control", "no-store");
      },
      protocol_options("ready"));
}

}  // namespace vestibule::provider
