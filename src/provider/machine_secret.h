#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "http/request.h"
#include "http/response.h"
#include "oauth/parameters.h"
#include "provider/context.h"

namespace vestibule::provider {

/// The client_credentials grant of a service account with a secret of its own
/// (oauth/grants/machine_secret.h); nullopt if a registered client asks, or with another grant.
boost::asio::awaitable<std::optional<http::Response>> answer_machine_secret(
    ProviderContext& context, const http::Request& request, const oauth::Parameters& form);

}  // namespace vestibule::provider
