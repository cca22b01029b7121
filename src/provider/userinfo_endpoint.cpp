#include <utility>

#include "oauth/discovery.h"
#include "oauth/userinfo.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

/// OpenID Connect Core section 5.3. A few point reads, so it stays on the io thread.
http::Response answer(ProviderContext& context, const http::Request& request) {
  const auto token = read_bearer(request);
  if (!token) return encode_bearer_error(request, token.error());
  if (!*token || (*token)->empty()) {
    return encode_bearer_error(request, {"invalid_request", "access token missing", 401});
  }
  auto body = context.store.read([&](store::Transaction& tx) {
    return oauth::userinfo(tx, context.grants(), **token, context.clock.now());
  });
  if (!body) return encode_bearer_error(request, body.error());
  auto response = uncached_json(200, std::move(*body));
  allow_any_origin(response);
  return response;
}

}  // namespace

void add_userinfo_endpoint(http::Router& router, ProviderContext& context) {
  for (const char* method : {"GET", "POST"}) {
    router.add(
        method, oauth::paths::userinfo,
        [&context](http::Request& request) -> boost::asio::awaitable<http::Response> {
          co_return answer(context, request);
        },
        protocol_options("userinfo"));
  }
  add_preflight(router, oauth::paths::userinfo, "GET, POST");
}

}  // namespace vestibule::provider
