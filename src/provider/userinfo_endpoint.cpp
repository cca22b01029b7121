#include <stdexcept>
#include <utility>

#include "jose/signing_key.h"
#include "oauth/discovery.h"
#include "oauth/userinfo.h"
#include "provider/oauth_http.h"
#include "provider/protected_resource.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

std::string sign(ProviderContext& context, jose::Algorithm algorithm, const std::string& claims) {
  const auto ring = context.keys.ring();
  const auto* signer = ring->signer(algorithm);
  if (signer == nullptr) throw std::runtime_error("no signing key for a client's userinfo");
  return jose::sign_compact(*signer, jose::TokenType::jwt, claims);
}

/// OpenID Connect Core 5.3.2: a JWT for the clients that registered one.
awaitable<http::Response> encode(ProviderContext& context, const oauth::UserInfo& info) {
  if (!info.algorithm) co_return uncached_json(200, info.claims);
  auto work = [&] { return sign(context, *info.algorithm, info.claims); };
  auto jwt = co_await async::run(context.cpu, std::move(work));
  auto response = uncached_json(200, std::move(jwt));
  response.headers.set("Content-Type", "application/jwt");
  co_return response;
}

/// OpenID Connect Core section 5.3. A few point reads, so all but a signature stays on the io
/// thread.
awaitable<http::Response> answer(ProviderContext& context, http::Request& request) {
  const auto presented = read_presented_token(request);
  if (!presented) co_return encode_resource_error(context, request, presented.error());
  if (!*presented) {
    const oauth::Error error{"invalid_request", "access token missing", 401};
    co_return encode_resource_error(context, request, error);
  }
  const auto& token = **presented;
  const auto shown = check_presenter(context, request, oauth::paths::userinfo, token);
  if (!shown) co_return encode_resource_error(context, request, shown.error(), token.scheme);
  const auto certificate = read_thumbprint(context.options.certificates, request);
  if (!certificate) {
    co_return encode_resource_error(context, request, certificate.error(), token.scheme);
  }
  auto grants = context.grants();
  grants.held = {.jkt = shown->jkt, .x5t_s256 = *certificate};
  auto look = [&](store::Transaction& tx) {
    return oauth::userinfo(tx, grants, token.text, context.clock.now());
  };
  const auto info = context.store.read(look);
  if (!info) co_return encode_resource_error(context, request, info.error(), token.scheme);
  auto response = co_await encode(context, *info);
  allow_any_origin(response);
  offer_nonce(response, *shown);
  co_return response;
}

}  // namespace

void add_userinfo_endpoint(http::Router& router, ProviderContext& context) {
  for (const char* method : {"GET", "POST"}) {
    router.add(
        method, oauth::paths::userinfo,
        [&context](http::Request& request) { return answer(context, request); },
        protocol_options("userinfo"));
  }
  add_preflight(router, oauth::paths::userinfo, "GET, POST");
}

}  // namespace vestibule::provider
