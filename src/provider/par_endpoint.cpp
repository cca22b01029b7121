#include <cstdint>
#include <memory>
#include <utility>

#include "async/commit.h"
#include "http/limiter.h"
#include "jose/claims_writer.h"
#include "oauth/authorization.h"
#include "oauth/discovery.h"
#include "oauth/proved_key.h"
#include "oauth/pushed_request.h"
#include "provider/authenticate.h"
#include "provider/authorize_request.h"
#include "provider/oauth_http.h"
#include "provider/proof.h"
#include "provider/request_object_reader.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// Whoever only names a client may fill the store no faster than so, per address.
constexpr http::Rate unauthenticated_rate{60, std::chrono::minutes(1), 60};

/// The error itself: nothing is redirected here (RFC 9126 section 2.3).
oauth::Error plain_error(oauth::AuthorizationError error) {
  if (auto* redirectable = std::get_if<oauth::DeliverableError>(&error)) {
    return std::move(redirectable->error);
  }
  return std::get<oauth::Error>(std::move(error));
}

/// RFC 9126 section 2.2.
http::Response created(const std::string& request_uri) {
  jose::ClaimsWriter writer;
  writer.text("request_uri", request_uri)
      .integer("expires_in", oauth::pushed_request_lifetime.count());
  auto response = uncached_json(201, std::move(writer).finish());
  allow_any_origin(response);
  return response;
}

http::Response too_many(const http::RequestHead& request, std::int64_t retry_after) {
  const oauth::Error error{"temporarily_unavailable", "too many requests", 429};
  auto response = encode_error(request, error);
  response.with_header("Retry-After", std::to_string(retry_after));
  return response;
}

/// The request that a client pushes, validated as the authorization endpoint would.
awaitable<oauth::Result<oauth::AuthorizationRequest>> receive_pushed(ProviderContext& context,
                                                                     const oauth::Parameters& form,
                                                                     const oauth::Client& client,
                                                                     const ShownProof& shown) {
  auto parameters = oauth::read_pushed_parameters(form, client);
  if (!parameters) co_return std::unexpected(std::move(parameters.error()));
  oauth::AuthorizationRequest pushed{std::move(*parameters), {.pushed = true}};
  if (pushed.parameters.find("request")) {
    const auto object = co_await read_request_object(context, client, pushed.parameters);
    if (!object) co_return std::unexpected(object.error());
    // RFC 9126 3: what belongs to the request is in the object and nowhere else.
    auto inside = oauth::combine_request(client, oauth::Parameters({}), *object);
    if (!inside) co_return std::unexpected(inside.error());
    pushed = {std::move(*inside), {.pushed = true, .signed_object = true}};
  }
  auto bound = oauth::with_proved_key(std::move(pushed.parameters), shown.jkt);
  if (!bound) co_return std::unexpected(std::move(bound.error()));
  pushed.parameters = std::move(*bound);
  const auto now = context.clock.now();
  auto look = [&](store::Transaction& tx) {
    return oauth::validate_authorization(tx, context.issuer, pushed, now);
  };
  auto validated = context.store.read(look);
  if (!validated) co_return std::unexpected(plain_error(std::move(validated.error())));
  co_return pushed;
}

awaitable<http::Response> answer(ProviderContext& context, http::AddressLimiter& limiter,
                                 http::Request& request) {
  const auto form = read_form(request);
  if (!form) co_return encode_error(request, form.error());
  const auto verified = co_await authenticate(context, request, *form);
  if (!verified) co_return encode_error(request, verified.error());
  const auto now = context.clock.now();
  if (verified->how() == oauth::AuthMethod::none) {
    const auto verdict = limiter.check(request.client_address, now);
    if (!verdict.allowed) co_return too_many(request, verdict.retry_after_seconds());
  }
  const auto shown = check_proof(context, request, oauth::paths::par);
  if (!shown) co_return encode_proof_error(context, request, shown.error());
  const auto pushed = co_await receive_pushed(context, *form, verified->client(), *shown);
  if (!pushed) co_return encode_error(request, pushed.error());

  // A refusal is kept too: it has used up the client's assertion, and nothing else.
  auto unit = [&](store::Transaction& tx) -> oauth::Settled<std::string> {
    const auto client = oauth::confirm_client(tx, *verified);
    if (!client) return {std::unexpected(client.error())};
    return {oauth::keep_pushed_request(tx, client->client(), *pushed, context.random, sign_in_time,
                                       now)};
  };
  const auto kept = co_await async::commit(context.store, std::move(unit));
  if (!kept.verdict) co_return encode_error(request, kept.verdict.error());
  auto response = created(*kept.verdict);
  offer_nonce(response, *shown);
  co_return response;
}

}  // namespace

void add_par_endpoint(http::Router& router, ProviderContext& context) {
  auto limiter = std::make_shared<http::AddressLimiter>(unauthenticated_rate);
  router.add(
      "POST", oauth::paths::par,
      [&context, limiter](http::Request& request) { return answer(context, *limiter, request); },
      protocol_options("par"));
  add_preflight(router, oauth::paths::par, "POST");
}

}  // namespace vestibule::provider
