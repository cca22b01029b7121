#include <utility>

#include "async/commit.h"
#include "oauth/discovery.h"
#include "oauth/revocation.h"
#include "provider/authenticate.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

/// RFC 7009 section 2.
boost::asio::awaitable<http::Response> answer(ProviderContext& context, http::Request& request) {
  const auto form = read_form(request);
  if (!form) co_return encode_error(request, form.error());
  const auto verified = co_await authenticate(context, request, *form);
  if (!verified) co_return encode_error(request, verified.error());
  const auto token = form->find("token");
  if (!token) {
    const oauth::Error error{"invalid_request", "token missing"};
    co_return encode_error(request, error);
  }

  const auto now = context.clock.now();
  auto grants = context.grants();
  grants.client_address = request.client_address.to_string();
  // A refusal is kept too: it has used up the client's assertion, and nothing else.
  auto unit = [&](store::Transaction& tx) -> oauth::Settled<void> {
    const auto client = oauth::confirm_client(tx, *verified);
    if (!client) return {std::unexpected(client.error())};
    return {oauth::revoke(tx, grants, *client, *token, now)};
  };
  const auto revoked = co_await async::commit(context.store, std::move(unit));
  if (!revoked.verdict) co_return encode_error(request, revoked.verdict.error());
  auto response = uncached_json(200, {});
  allow_any_origin(response);
  co_return response;
}

}  // namespace

void add_revocation_endpoint(http::Router& router, ProviderContext& context) {
  router.add(
      "POST", oauth::paths::revoke,
      [&context](http::Request& request) { return answer(context, request); },
      protocol_options("revoke"));
  add_preflight(router, oauth::paths::revoke, "POST");
}

}  // namespace vestibule::provider
