#pragma once

#include <boost/asio/awaitable.hpp>

#include "http/request.h"
#include "oauth/client_authentication.h"
#include "oauth/parameters.h"
#include "provider/context.h"

namespace vestibule::provider {

/// The one step that authenticates the client of a form request, before anything reaches the
/// writer. The endpoint's unit of work then calls oauth::confirm_client. May wait for the client's
/// keys. Errors: as parse_credentials, verify_client and verify_assertion.
boost::asio::awaitable<oauth::Result<oauth::VerifiedClient>> authenticate(
    ProviderContext& context, const http::Request& request, const oauth::Parameters& form);

/// The same for an endpoint that has no unit of work of its own, such as introspection.
boost::asio::awaitable<oauth::Result<oauth::AuthenticatedClient>> authenticate_reader(
    ProviderContext& context, const http::Request& request, const oauth::Parameters& form);

}  // namespace vestibule::provider
