#include "provider/jwt_bearer.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "oauth/discovery.h"
#include "oauth/grants/jwt_bearer.h"
#include "provider/authenticate.h"
#include "provider/oauth_http.h"
#include "provider/proof.h"

namespace vestibule::provider {
namespace {

bool has_client_credentials(const http::Request& request, const oauth::Parameters& form) {
  constexpr std::array names = {"client_id", "client_secret", "client_assertion",
                                "client_assertion_type"};
  const auto field = request.header("Authorization");
  return (field && base::to_lower_ascii(*field).starts_with("basic ")) ||
         std::ranges::any_of(names, [&](const char* name) { return form.find(name).has_value(); });
}

}  // namespace

boost::asio::awaitable<http::Response> answer_jwt_bearer(ProviderContext& context,
                                                         const http::Request& request,
                                                         const oauth::Parameters& form) {
  // RFC 7521 4.1: client credentials are optional, and must be valid if there are any.
  if (has_client_credentials(request, form)) {
    const auto client = co_await authenticate_reader(context, request, form);
    if (!client) co_return encode_error(request, client.error());
  }
  const auto decoded = oauth::parse_jwt_bearer_request(form);
  if (!decoded) co_return encode_error(request, decoded.error());
  const auto shown = check_proof(context, request, oauth::paths::token);
  if (!shown) co_return encode_proof_error(context, request, shown.error());
  auto grants = context.grants();
  grants.held.jkt = shown->jkt;
  auto look = [&](store::Transaction& tx) {
    return oauth::grant_by_jwt_bearer(tx, grants, *decoded, context.clock.now());
  };
  auto grant = context.store.read(look);
  if (!grant) co_return encode_error(request, grant.error());
  auto response = encode_tokens(oauth::sign(context.issuer, std::move(*grant)));
  offer_nonce(response, *shown);
  co_return response;
}

}  // namespace vestibule::provider
