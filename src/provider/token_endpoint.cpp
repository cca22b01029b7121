#include "provider/token_endpoint.h"

#include <utility>

#include "async/commit.h"
#include "oauth/discovery.h"
#include "oauth/grants/client_credentials.h"
#include "oauth/grants/jwt_bearer.h"
#include "oauth/grants/token_exchange.h"
#include "oauth/token_binding.h"
#include "provider/authenticate.h"
#include "provider/jwt_bearer.h"
#include "provider/machine_secret.h"
#include "provider/oauth_http.h"
#include "provider/proof.h"
#include "provider/routes.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

template <class T>
oauth::Result<TokenRequest> widen(oauth::Result<T> parsed) {
  if (!parsed) return std::unexpected(std::move(parsed.error()));
  return TokenRequest(std::move(*parsed));
}

template <class... F>
struct Overload : F... {
  using F::operator()...;
};

http::Response encode(const oauth::TokenResponse& tokens, const ShownProof& shown) {
  auto response = encode_tokens(tokens);
  offer_nonce(response, shown);
  return response;
}

awaitable<http::Response> answer(ProviderContext& context, http::Request& request) {
  const auto form = read_form(request);
  if (!form) co_return encode_error(request, form.error());
  if (form->get("grant_type") == oauth::grant_jwt_bearer) {
    co_return co_await answer_jwt_bearer(context, request, *form);
  }
  if (auto answered = co_await answer_machine_secret(context, request, *form)) {
    co_return *std::move(answered);
  }
  // Who cannot show who they are never reaches the writer.
  const auto verified = co_await authenticate(context, request, *form);
  if (!verified) co_return encode_error(request, verified.error());
  const auto decoded = decode_token_request(*form);
  if (!decoded) co_return encode_error(request, decoded.error());
  // Before anything is used up, so that a client that lacks a nonce may send the same again.
  const auto shown = check_proof(context, request, oauth::paths::token);
  if (!shown) co_return encode_proof_error(context, request, shown.error());
  const auto certificate = read_thumbprint(context.options.certificates, request);
  if (!certificate) co_return encode_error(request, certificate.error());

  const auto now = context.clock.now();
  auto grants = context.grants();
  grants.held = {.jkt = shown->jkt, .x5t_s256 = *certificate};
  grants.client_address = request.client_address.to_string();
  auto unit = [&](store::Transaction& tx) -> oauth::Settled<oauth::Grant> {
    const auto client = oauth::confirm_client(tx, *verified);
    if (!client) return {std::unexpected(client.error())};
    return run_grant(tx, grants, *client, *decoded, now);
  };
  auto settled = co_await async::commit(context.store, std::move(unit));
  if (!settled.verdict) co_return encode_error(request, settled.verdict.error());

  // An ID token means RSA as a rule, which takes too long for an io thread.
  auto work = [&] { return oauth::sign(context.issuer, std::move(*settled.verdict)); };
  if (!settled.verdict->id_token) co_return encode(work(), *shown);
  const auto tokens = co_await async::run(context.cpu, std::move(work));
  co_return encode(tokens, *shown);
}

/// ZITADEL reads a GET's query as if it were the form. Secrets do not belong into URLs, so here the
/// answer is the one that a GET without credentials gets there.
awaitable<http::Response> refuse_get(http::Request& request) {
  const oauth::Error error{"invalid_request", "client_id or client_assertion must be provided"};
  co_return encode_error(request, error);
}

}  // namespace

oauth::Result<TokenRequest> decode_token_request(const oauth::Parameters& form) {
  const auto type = form.find("grant_type");
  if (!type) return oauth::fail("invalid_request", "grant_type missing");
  if (*type == oauth::grant_authorization_code) return widen(oauth::parse_code_request(form));
  if (*type == oauth::grant_refresh_token) return widen(oauth::parse_refresh_request(form));
  if (*type == oauth::grant_client_credentials) {
    return widen(oauth::parse_client_credentials_request(form));
  }
  if (*type == oauth::grant_token_exchange) return widen(oauth::parse_exchange_request(form));
  if (*type == oauth::grant_device_code) return widen(oauth::parse_device_code_request(form));
  return oauth::fail("unsupported_grant_type", oauth::quotable(*type) + " not supported");
}

oauth::Settled<oauth::Grant> run_grant(store::Transaction& tx, const oauth::GrantContext& context,
                                       const oauth::AuthenticatedClient& client,
                                       const TokenRequest& request, base::Time now) {
  if (auto bound = oauth::require_constraint(client.client(), context.held); !bound) {
    return {std::unexpected(std::move(bound.error()))};
  }
  return std::visit(
      Overload{
          [&](const oauth::CodeRequest& code) {
            return oauth::grant_by_code(tx, context, client, code, now);
          },
          [&](const oauth::RefreshRequest& refresh) {
            return oauth::grant_by_refresh(tx, context, client, refresh, now);
          },
          [&](const oauth::DeviceCodeRequest& device) {
            return oauth::grant_by_device_code(tx, context, client, device, now);
          },
          // These two write only once they have allowed everything, so keeping a refusal is safe.
          [&](const oauth::ClientCredentialsRequest& own) {
            return oauth::Settled<oauth::Grant>{
                oauth::grant_by_client(tx, context, client, own, now)};
          },
          [&](const oauth::ExchangeRequest& exchange) {
            return oauth::Settled<oauth::Grant>{
                oauth::grant_by_exchange(tx, context, client, exchange, now)};
          },
      },
      request);
}

void add_token_endpoint(http::Router& router, ProviderContext& context) {
  router.add(
      "POST", oauth::paths::token,
      [&context](http::Request& request) { return answer(context, request); },
      protocol_options("token"));
  router.add("GET", oauth::paths::token, refuse_get, protocol_options("token"));
  add_preflight(router, oauth::paths::token, "POST");
}

}  // namespace vestibule::provider
