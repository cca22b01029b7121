#pragma once

#include <boost/asio/awaitable.hpp>

#include "oauth/request_object.h"
#include "provider/context.h"

namespace vestibule::provider {

/// The request object that a request brings, as `request` or behind `request_uri`, verified with
/// its client's keys. May wait for the client's servers. Only a request_uri that the client has
/// registered is fetched. Errors: invalid_request for both at once, invalid_request_uri,
/// invalid_request_object.
boost::asio::awaitable<oauth::Result<oauth::RequestObject>> read_request_object(
    ProviderContext& context, const oauth::Client& client, const oauth::Parameters& outer);

}  // namespace vestibule::provider
