#include "provider/authenticate.h"

#include <utility>

#include "provider/oauth_http.h"

namespace vestibule::provider {

using boost::asio::awaitable;

awaitable<oauth::Result<oauth::VerifiedClient>> authenticate(ProviderContext& context,
                                                             const http::Request& request,
                                                             const oauth::Parameters& form) {
  const auto credentials = read_credentials(request, form);
  if (!credentials) co_return std::unexpected(credentials.error());
  auto verify = [&](store::Transaction& tx) { return oauth::verify_client(tx, *credentials); };
  co_return context.store.read(verify);
}

awaitable<oauth::Result<oauth::AuthenticatedClient>> authenticate_reader(
    ProviderContext& context, const http::Request& request, const oauth::Parameters& form) {
  const auto verified = co_await authenticate(context, request, form);
  if (!verified) co_return std::unexpected(verified.error());
  auto confirm = [&](store::Transaction& tx) { return oauth::confirm_client(tx, *verified); };
  co_return context.store.read(confirm);
}

}  // namespace vestibule::provider
