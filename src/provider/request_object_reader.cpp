#include "provider/request_object_reader.h"

#include <algorithm>
#include <utility>

#include "provider/client_keys.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

/// OpenID Connect Registration 2: compared as it was registered, with its fragment.
bool is_registered(const oauth::Client& client, const std::string& uri) {
  return uri.starts_with("https://") &&
         std::ranges::find(client.request_uris, uri) != client.request_uris.end();
}

awaitable<oauth::Result<std::string>> load(ProviderContext& context, const oauth::Client& client,
                                           const oauth::Parameters& outer) {
  auto object = outer.find("request");
  const auto uri = outer.find("request_uri");
  if (object && uri) co_return oauth::fail("invalid_request", "request and request_uri at once");
  if (object) co_return std::move(*object);
  if (!is_registered(client, *uri)) {
    co_return oauth::fail("invalid_request_uri", "the client has not registered this request_uri");
  }
  auto work = [&] { return context.request_references.fetch(*uri); };
  co_return co_await async::run(context.request_references.pool, std::move(work));
}

}  // namespace

awaitable<oauth::Result<oauth::RequestObject>> read_request_object(ProviderContext& context,
                                                                   const oauth::Client& client,
                                                                   const oauth::Parameters& outer) {
  const auto object = co_await load(context, client, outer);
  if (!object) co_return std::unexpected(object.error());
  auto key_id = oauth::peek_request_object(*object);
  const auto keys = co_await load_client_keys(context, client, std::move(key_id));
  if (!keys) {
    co_return oauth::fail("invalid_request_object", "the client has no keys to verify it with");
  }
  co_return oauth::open_request_object(client, *keys, *object, context.issuer.issuer(),
                                       context.clock.now());
}

}  // namespace vestibule::provider
