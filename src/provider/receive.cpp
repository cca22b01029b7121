#include "provider/receive.h"

#include <algorithm>
#include <utility>

#include "oauth/authorization_checks.h"
#include "oauth/pushed_request.h"
#include "oauth/request_object.h"
#include "provider/request_object_reader.h"

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

/// An error in what is said of the real request: to the client, if what stands beside it names a
/// redirect URI that is known to be good.
oauth::AuthorizationError place(oauth::Error error, const oauth::Client& client,
                                const oauth::Parameters& outer) {
  auto redirect_uri = oauth::checks::check_redirect_uri(outer, client);
  if (!redirect_uri) return error;
  return oauth::DeliverableError{oauth::ResponseTarget::of(client, std::move(*redirect_uri), outer),
                                 std::move(error)};
}

/// The parameters that count of a request that brings a request object.
awaitable<oauth::Result<oauth::Parameters>> unwrap(ProviderContext& context,
                                                   const oauth::Client& client,
                                                   const oauth::Parameters& outer) {
  if (auto once = outer.check_not_repeated(); !once) co_return std::unexpected(once.error());
  const auto object = co_await read_request_object(context, client, outer);
  if (!object) co_return std::unexpected(object.error());
  co_return oauth::combine_request(client, outer, *object);
}

}  // namespace

awaitable<Outcome<PendingAuthorization>> receive(ProviderContext& context,
                                                 oauth::Parameters outer) {
  const auto now = context.clock.now();
  auto uri = outer.find("request_uri");
  if (uri && uri->starts_with(oauth::pushed_request_prefix)) {
    co_return receive_pushed(context, outer, std::move(*uri), now);
  }
  if (!uri && !outer.find("request")) co_return PendingAuthorization{{std::move(outer)}, now};

  auto look = [&](store::Transaction& tx) { return oauth::checks::check_client(tx, outer); };
  auto client = context.store.read(look);
  if (!client) co_return show(std::move(client.error()));
  auto parameters = co_await unwrap(context, *client, outer);
  if (!parameters) {
    co_return std::unexpected(place(std::move(parameters.error()), *client, outer));
  }
  co_return PendingAuthorization{{std::move(*parameters), {.signed_object = true}}, now};
}

}  // namespace vestibule::provider
