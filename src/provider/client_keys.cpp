#include "provider/client_keys.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "provider/remote_key_sets.h"

namespace vestibule::provider {

boost::asio::awaitable<std::shared_ptr<const jose::KeySet>> load_client_keys(
    ProviderContext& context, const oauth::Client& client, std::string key_id) {
  if (!client.jwks.empty()) {
    auto keys = jose::KeySet::from_json(client.jwks);
    if (keys) co_return std::make_shared<const jose::KeySet>(std::move(*keys));
    spdlog::warn("client {}: its jwks: {}", client.client_id(), keys.error().message);
    co_return nullptr;
  }
  if (client.jwks_uri.empty()) co_return nullptr;
  co_return co_await context.remote_keys.load(client.jwks_uri, std::move(key_id));
}

}  // namespace vestibule::provider
