#pragma once

#include <functional>
#include <string>

#include "async/pool.h"
#include "http/outgoing.h"
#include "oauth/error.h"

namespace vestibule::provider {

/// Gets the request object behind an https URL. Blocks. Error: invalid_request_uri.
using FetchRequestObject = std::function<oauth::Result<std::string>(const std::string& url)>;

/// Who fetches, and on whose threads it may wait.
struct RequestReferences {
  FetchRequestObject fetch;
  async::CpuPool& pool;
};

/// GET through the client for other people's servers, which outlives it (RFC 9101 section 5.2.3).
/// The media type must be that of a request object or of a JWT.
FetchRequestObject fetch_request_object_with(const http::OutgoingClient& client);

}  // namespace vestibule::provider
