#include "provider/authenticate.h"

#include <utility>

#include "async/commit.h"
#include "oauth/client_assertion.h"
#include "oauth/discovery.h"
#include "provider/client_keys.h"
#include "provider/oauth_http.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;
using Verified = oauth::Result<oauth::VerifiedClient>;
using Authenticated = oauth::Result<oauth::AuthenticatedClient>;

/// RFC 7523 section 3: the issuer or the token endpoint; and the endpoint that is called (RFC 9126
/// section 2).
oauth::AssertionAudience audience_of(const ProviderContext& context, const http::Request& request) {
  const auto& issuer = context.issuer.issuer();
  oauth::AssertionAudience audience{
      .issuer = issuer, .endpoints = {issuer + oauth::paths::token, issuer + request.path}};
  if (const auto& alias = context.options.capabilities.mtls_origin; !alias.empty()) {
    audience.endpoints.push_back(alias + oauth::paths::token);
    audience.endpoints.push_back(alias + request.path);
  }
  return audience;
}

awaitable<Verified> verify_by_assertion(ProviderContext& context, const http::Request& request,
                                        const oauth::ParsedCredentials& credentials) {
  const auto id = base::parse_id<base::ClientId>(credentials.client_id);
  auto find = [&](store::Transaction& tx) {
    return id ? oauth::find_client(tx, *id) : std::nullopt;
  };
  auto client = context.store.read(find);
  if (!client) co_return oauth::refuse_assertion("unknown client");
  const auto keys = co_await load_client_keys(context, *client, credentials.key_id);
  if (!keys) co_return oauth::refuse_assertion("no keys of client " + client->client_id());
  co_return oauth::verify_assertion(std::move(*client), credentials.secret.reveal(), *keys,
                                    audience_of(context, request), context.clock.now());
}

}  // namespace

awaitable<Verified> authenticate(ProviderContext& context, const http::Request& request,
                                 const oauth::Parameters& form) {
  const auto credentials = read_credentials(request, form);
  if (!credentials) co_return std::unexpected(credentials.error());
  if (credentials->method == oauth::AuthMethod::private_key_jwt) {
    co_return co_await verify_by_assertion(context, request, *credentials);
  }
  const auto certificate = read_certificate(context.options.certificates, request);
  if (!certificate) co_return std::unexpected(certificate.error());
  auto verify = [&](store::Transaction& tx) {
    return oauth::verify_client(tx, *credentials, *certificate ? &**certificate : nullptr);
  };
  co_return context.store.read(verify);
}

awaitable<Authenticated> authenticate_reader(ProviderContext& context, const http::Request& request,
                                             const oauth::Parameters& form) {
  const auto verified = co_await authenticate(context, request, form);
  if (!verified) co_return std::unexpected(verified.error());
  auto confirm = [&](store::Transaction& tx) { return oauth::confirm_client(tx, *verified); };
  if (!verified->assertion()) co_return context.store.read(confirm);
  co_return co_await async::commit(context.store, std::move(confirm));
}

}  // namespace vestibule::provider
