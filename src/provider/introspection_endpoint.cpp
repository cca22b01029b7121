#include <stdexcept>
#include <utility>

#include "async/pool.h"
#include "http/accept.h"
#include "oauth/discovery.h"
#include "oauth/introspection.h"
#include "oauth/signed_introspection.h"
#include "provider/authenticate.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// RFC 9701 section 5: the answer as a JWT, signed for this caller.
awaitable<http::Response> sign_answer(ProviderContext& context,
                                      const oauth::AuthenticatedClient& client, std::string body) {
  const auto ring = context.keys.ring();
  const auto algorithm = oauth::introspection_algorithm(client.client());
  const auto* key = ring->signer(algorithm);
  if (!key) {
    throw std::runtime_error("no signing key for " + std::string(jose::to_string(algorithm)));
  }
  auto work = [&] {
    return oauth::sign_introspection(*key, context.issuer.issuer(), client.client(), body,
                                     context.clock.now());
  };
  http::Response response;
  if (jose::key_type_of(algorithm) == jose::KeyType::rsa) {
    response.body = co_await async::run(context.cpu, std::move(work));
  } else {
    response.body = work();
  }
  response.with_header("Content-Type", std::string(oauth::introspection_jwt))
      .with_header("Cache-Control", "no-store");
  co_return response;
}

/// RFC 7662 section 2. A few point reads, so it stays on the io thread.
awaitable<http::Response> answer(ProviderContext& context, http::Request& request) {
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
  if (http::prefers(request.headers, oauth::introspection_jwt, "application/json")) {
    co_return co_await sign_answer(context, *client, std::move(*body));
  }
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
