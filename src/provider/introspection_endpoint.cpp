#include <utility>

#include "oauth/discovery.h"
#include "oauth/introspection.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

/// RFC 7662 section 2. A few point reads, so it stays on the io thread.
http::Response answer(ProviderContext& context, const http::Request& request) {
  const auto form = read_form(request);
  if (!form) return encode_error(request, form.error());
  const auto credentials = read_credentials(request, *form);
  if (!credentials) return encode_error(request, credentials.error());
  auto look = [&](store::Transaction& tx) -> oauth::Result<std::string> {
    const auto client = oauth::authenticate_client(tx, *credentials);
    if (!client) return std::unexpected(client.error());
    const auto token = form->find("token");
    if (!token) return oauth::fail("invalid_request", "token missing");
    return oauth::introspect(tx, context.grants(), *client, *token, context.clock.now());
  };
  auto body = context.store.read(look);
  if (!body) return encode_error(request, body.error());
  return uncached_json(200, std::move(*body));
}

}  // namespace

void add_introspection_endpoint(http::Router& router, ProviderContext& context) {
  router.add(
      "POST", oauth::paths::introspect,
      [&context](http::Request& request) -> boost::asio::awaitable<http::Response> {
        co_return answer(context, request);
      },
      protocol_options("introspect"));
}

}  // namespace vestibule::provider
