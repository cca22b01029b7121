#include <memory>
#include <utility>

#include "async/commit.h"
#include "base/encoding.h"
#include "http/limiter.h"
#include "jose/claims_writer.h"
#include "oauth/device_authorization.h"
#include "oauth/discovery.h"
#include "provider/authenticate.h"
#include "provider/oauth_http.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// Anybody can speak for a public client, and each call costs a row for some minutes.
constexpr http::Rate public_rate{30, std::chrono::minutes(1), 30};

/// RFC 8628 section 3.2.
http::Response encode(const std::string& issuer, const oauth::DeviceAuthorization& begun) {
  const std::string page = issuer + oauth::paths::device_page;
  jose::ClaimsWriter writer;
  writer.text("device_code", begun.device_code.reveal())
      .text("user_code", begun.user_code)
      .text("verification_uri", page)
      .text("verification_uri_complete",
            page + "?user_code=" + base::percent_encode(begun.user_code))
      .integer("expires_in", begun.expires_in.count())
      .integer("interval", begun.interval.count());
  auto response = uncached_json(200, std::move(writer).finish());
  allow_any_origin(response);
  return response;
}

/// RFC 8628 section 3.1.
awaitable<http::Response> answer(ProviderContext& context, http::AddressLimiter& limiter,
                                 http::Request& request) {
  const auto form = read_form(request);
  if (!form) co_return encode_error(request, form.error());
  const auto verified = co_await authenticate(context, request, *form);
  if (!verified) co_return encode_error(request, verified.error());
  const auto now = context.clock.now();
  if (verified->client().is_public()) {
    const auto verdict = limiter.check(request.client_address, now);
    if (!verdict.allowed) {
      const oauth::Error error{"slow_down", "too many devices begin to sign in", 429};
      co_return encode_error(request, error)
          .with_header("Retry-After", std::to_string(verdict.retry_after_seconds()));
    }
  }
  const auto scope = oauth::Scope::parse(form->get("scope"));
  const auto grants = context.grants();
  auto unit = [&](store::Transaction& tx) -> oauth::Result<oauth::DeviceAuthorization> {
    const auto client = oauth::confirm_client(tx, *verified);
    if (!client) return std::unexpected(client.error());
    return oauth::begin_device_authorization(tx, grants, *client, scope, now);
  };
  const auto begun = co_await async::commit(context.store, std::move(unit));
  if (!begun) co_return encode_error(request, begun.error());
  co_return encode(context.issuer.issuer(), *begun);
}

}  // namespace

void add_device_endpoint(http::Router& router, ProviderContext& context) {
  const auto limiter = std::make_shared<http::AddressLimiter>(public_rate);
  router.add(
      "POST", oauth::paths::device_authorization,
      [&context, limiter](http::Request& request) { return answer(context, *limiter, request); },
      protocol_options("device_authorization"));
  add_preflight(router, oauth::paths::device_authorization, "POST");
}

}  // namespace vestibule::provider
