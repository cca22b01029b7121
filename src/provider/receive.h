#pragma once

#include <boost/asio/awaitable.hpp>

#include "oauth/authorization.h"
#include "provider/authorize_request.h"
#include "provider/context.h"

namespace vestibule::provider {

/// From what a browser brings to the authorization endpoint to the request that counts: that
/// itself, what stands behind a request_uri that we gave (RFC 9126), or what a request object says
/// (RFC 9101). May wait for another server.
boost::asio::awaitable<oauth::AuthorizationResult<PendingAuthorization>> receive(
    ProviderContext& context, oauth::Parameters outer);

}  // namespace vestibule::provider
