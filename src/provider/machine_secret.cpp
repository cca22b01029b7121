#include "provider/machine_secret.h"

#include <utility>

#include "oauth/discovery.h"
#include "oauth/grants/machine_secret.h"
#include "provider/oauth_http.h"
#include "provider/proof.h"

namespace vestibule::provider {

boost::asio::awaitable<std::optional<http::Response>> answer_machine_secret(
    ProviderContext& context, const http::Request& request, const oauth::Parameters& form) {
  if (form.get("grant_type") != oauth::grant_client_credentials) co_return std::nullopt;
  const auto credentials = read_credentials(request, form);
  // What is wrong with them is said where registered clients are authenticated.
  if (!credentials || !(credentials->method == oauth::AuthMethod::client_secret_basic ||
                        credentials->method == oauth::AuthMethod::client_secret_post)) {
    co_return std::nullopt;
  }
  auto is_registered = [&](store::Transaction& tx) {
    const auto id = base::parse_id<base::ClientId>(credentials->client_id);
    return id && oauth::find_client(tx, *id).has_value();
  };
  if (context.store.read(is_registered)) co_return std::nullopt;
  const auto shown = check_proof(context, request, oauth::paths::token);
  if (!shown) co_return encode_proof_error(context, request, shown.error());
  auto grants = context.grants();
  grants.held.jkt = shown->jkt;
  auto look = [&](store::Transaction& tx) {
    return oauth::grant_by_machine_secret(
        tx, grants, *credentials, oauth::Scope::parse(form.get("scope")), context.clock.now());
  };
  auto grant = context.store.read(look);
  if (!grant) co_return encode_error(request, grant.error());
  auto response = encode_tokens(oauth::sign(context.issuer, std::move(*grant)));
  offer_nonce(response, *shown);
  co_return response;
}

}  // namespace vestibule::provider
