#pragma once

#include <string>

#include "http/problem.h"
#include "http/request.h"
#include "http/response.h"
#include "zitadel/errors.h"
#include "zitadel/operations.h"

// The one place where requests and answers of these calls meet HTTP.
namespace vestibule::zitadel {

/// A base64 metadata value of 500,000 bytes, with room for the rest.
inline constexpr std::size_t body_limit = 1024 * 1024;

enum class Protocol { connect, rest };

http::Response encode(Protocol protocol, std::string body);
http::Response encode(Protocol protocol, const Error& error);
/// HTTP's own refusals, for RouteOptions::errors.
http::ErrorRenderer problem_renderer(Protocol protocol);

/// The token of `Authorization: Bearer …`. Error: header missing, or a malformed one.
Result<std::string> read_bearer(const http::Request& request);

/// The message of a request, validated: its body, and in REST also path and query.
Result<Record> read_message(Protocol protocol, const Operation& operation,
                            const http::Request& request);

/// Lets scripts of any origin call: no cookie is looked at here (Fetch standard, CORS).
void allow_any_origin(http::Response& response);

}  // namespace vestibule::zitadel
