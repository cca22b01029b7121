#include "provider/receive.h"

#include <utility>

#include "oauth/authorization_checks.h"
#include "oauth/pushed_request.h"

namespace vestibule::provider {
namespace {

using boost::asio::awaitable;

template <class T>
using Outcome = oauth::AuthorizationResult<T>;

std::unexpected<oauth::AuthorizationError> show(oauth::Error error) {
  return std::unexpected(oauth::AuthorizationError(std::move(error)));
}

/// RFC 9126 section 4. What else the browser brings is not looked at.
Outcome<PendingAuthorization> receive_pushed(ProviderContext& context,
                                             const oauth::Parameters& outer, std::string uri,
                                             base::Time now) {
  // Of several values only the first would be compared.
  if (outer.all("client_id").size() != 1 || outer.all("request_uri").size() != 1) {
    return show({"invalid_request", "client_id and request_uri must be there once"});
  }
  auto begin = [&](store::Transaction& tx) {
    return oauth::begin_pushed_request(tx, uri, outer.get("client_id"), now);
  };
  auto request = context.store.read(begin);
  if (!request) return show(std::move(request.error()));
  return PendingAuthorization{std::move(*request), now, std::move(uri)};
}

}  // namespace

awaitable<Outcome<PendingAuthorization>> receive(ProviderContext& context,
                                                 oauth::Parameters outer) {
  const auto now = context.clock.now();
  auto uri = outer.find("request_uri");
  if (uri && uri->starts_with(oauth::pushed_request_prefix)) {
    co_return receive_pushed(context, outer, std::move(*uri), now);
  }
  co_return PendingAuthorization{{std::move(outer)}, now};
}

}  // namespace vestibule::provider
