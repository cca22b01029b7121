#include <utility>

#include "oauth/discovery.h"
#include "oauth/introspection.h"
#include "provider/authenticate.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

/// RFC 7662 section 2. A few point reads, so it stays on the io thread.
boost::asio::awaitable<http::Response> answer(ProviderContext& context, http::Request& request) {
  const auto form = read_form(request);
  if (!form) co_return encode_error(request, form.error());
  const auto client = co_await authenticate_reader(context, request, *form);
  if (!client) co_return encode_error(request, client.error());
  const auto token = form->find("token");
  if (!token) {
    const oauth::Error error{"invalid_request", "token missing"};
    co_return encode_error(request, error);
  }
  auto look = [&](store::Transaction& tx) {
    return oauth::introspect(tx, context.grants(), *client, *token, context.clock.now());
  };
  auto body = context.store.read(look);
  if (!body) co_return encode_error(request, body.error());
  co_return uncached_json(200, std::move(*body));
}

}  // namespace

void add_introspection_endpoint(http::Router& router, ProviderContext& context) {
  router.add(
      "POST", oauth::paths::introspect,
      [&context](http::Request& request) { return answer(context, request); },
      protocol_options("introspect"));
}

}  // namespace vestibule::provider
