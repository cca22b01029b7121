#include "shop.h"

#include <spdlog/spdlog.h>

namespace vestibule::shop {

base::Result<std::optional<Identity>> identify(Shop& shop, const http::Request& request) {
  const auto fields = request.headers.find_all("Authorization");
  if (fields.empty()) return std::nullopt;
  const auto token = fields.size() == 1 ? bearer_token(fields.front()) : std::string_view();
  auto identity = verify_token(token, shop.policy, shop.jwks, shop.clock.now());
  if (!identity) {
    const auto& error = identity.error();
    spdlog::warn("token refused: {}", error.detail.empty() ? error.message : error.detail);
    return std::unexpected(error);
  }
  return std::optional(std::move(*identity));
}

base::Result<Identity> require_identity(Shop& shop, const http::Request& request) {
  auto identity = identify(shop, request);
  if (!identity) return std::unexpected(identity.error());
  if (!*identity)
    return base::fail(base::ErrorKind::unauthenticated, "no_identity",
                      "This needs an identity, and the request came without one.");
  return std::move(**identity);
}

}  // namespace vestibule::shop
