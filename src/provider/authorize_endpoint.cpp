#include <utility>

#include "oauth/discovery.h"
#include "provider/authorization_answer.h"
#include "provider/authorize_flow.h"
#include "provider/oauth_http.h"
#include "provider/receive.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// OpenID Connect Core 3.1.2.1: GET with a query or POST with a form.
awaitable<http::Response> authorize(ProviderContext& context, http::Request& request) {
  auto parameters = read_parameters(request);
  if (!parameters) co_return show(context, request, parameters.error());
  auto pending = co_await receive(context, std::move(*parameters));
  if (!pending) co_return co_await refuse(context, request, std::move(pending.error()));
  co_return co_await proceed(context, request, std::move(*pending));
}

/// Back from the sign-in page.
awaitable<http::Response> continue_authorization(ProviderContext& context, http::Request& request) {
  const auto query = read_parameters(request);
  auto pending = reopen(context, query ? query->find("request") : std::nullopt);
  if (!pending) co_return show(context, request, pending.error());
  co_return co_await proceed(context, request, std::move(*pending));
}

}  // namespace

void add_authorize_endpoint(http::Router& router, ProviderContext& context) {
  for (const char* method : {"GET", "POST"}) {
    router.add(
        method, oauth::paths::authorize,
        [&context](http::Request& request) { return authorize(context, request); },
        protocol_options("authorize"));
  }
  router.add(
      "GET", oauth::paths::authorize_continue,
      [&context](http::Request& request) { return continue_authorization(context, request); },
      protocol_options("authorize_continue"));
}

}  // namespace vestibule::provider
