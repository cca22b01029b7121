#pragma once

#include <boost/asio/awaitable.hpp>

#include "http/request.h"
#include "http/response.h"
#include "oauth/parameters.h"
#include "provider/context.h"

namespace vestibule::provider {

/// Answers a token request of the JWT-profile grant (oauth/grants/jwt_bearer.h), which needs no
/// client and writes nothing.
boost::asio::awaitable<http::Response> answer_jwt_bearer(ProviderContext& context,
                                                         const http::Request& request,
                                                         const oauth::Parameters& form);

}  // namespace vestibule::provider
