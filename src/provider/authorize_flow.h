#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "http/request.h"
#include "http/response.h"
#include "oauth/authorization.h"
#include "provider/authorize_request.h"
#include "provider/context.h"

// The way of an authorization request through the pages to its answer.
namespace vestibule::provider {

/// Whether the person has just pressed the consent page's button for this very request.
enum class Consented { no, yes };

/// What comes next: the sign-in page, the consent page, or the answer to the client. All ways in
/// end here: a new request, and one that comes back from either page.
boost::asio::awaitable<http::Response> proceed(ProviderContext& context, http::Request& request,
                                               PendingAuthorization pending,
                                               Consented consented = Consented::no);

/// The request that a page's token stands for. Errors: invalid_request for a token that is not
/// ours or too old, and as resume_pushed_request.
oauth::Result<PendingAuthorization> reopen(ProviderContext& context,
                                           const std::optional<std::string>& token);

/// An error of a good request goes back to its client.
boost::asio::awaitable<http::Response> refuse_request(ProviderContext& context,
                                                      const http::RequestHead& request,
                                                      const oauth::Authorization& authorization,
                                                      oauth::Error error);

}  // namespace vestibule::provider
