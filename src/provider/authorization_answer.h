#pragma once

#include <boost/asio/awaitable.hpp>

#include "http/request.h"
#include "http/response.h"
#include "oauth/authorization.h"
#include "provider/context.h"

// How an authorization request is answered over HTTP, whoever comes to the answer.
namespace vestibule::provider {

/// Sends the browser back to the client in the response mode of the request: a redirect, or a page
/// that posts itself. A JARM response is signed on the CPU pool.
boost::asio::awaitable<http::Response> deliver(ProviderContext& context,
                                               oauth::AuthorizationResponse response);

/// An error that may not go to the client: a page for a person, JSON for a program.
http::Response show(ProviderContext& context, const http::RequestHead& request,
                    const oauth::Error& error);

/// Shows or delivers an error, as its type says.
boost::asio::awaitable<http::Response> refuse(ProviderContext& context,
                                              const http::RequestHead& request,
                                              oauth::AuthorizationError error);

}  // namespace vestibule::provider
