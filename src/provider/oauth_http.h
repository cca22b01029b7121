#pragma once

#include <optional>
#include <string>

#include "http/problem.h"
#include "http/request.h"
#include "http/response.h"
#include "oauth/client_authentication.h"
#include "oauth/error.h"
#include "oauth/grants/grant.h"
#include "oauth/parameters.h"

// The one place where OAuth's requests and answers meet HTTP.
namespace vestibule::provider {

/// Largest form that a protocol endpoint reads.
inline constexpr std::size_t form_limit = 64 * 1024;

/// Whether the body says that it is a form.
bool has_form(const http::Request& request);
/// The parameters of a form POST (RFC 6749 section 4.1.3): the media type is checked, a parameter
/// given twice is refused. Error: invalid_request; 413 for too many parameters.
oauth::Result<oauth::Parameters> read_form(const http::Request& request);
/// The parameters of the query, or of a POST's form, for endpoints that a browser is sent to;
/// repeated ones included.
oauth::Result<oauth::Parameters> read_parameters(const http::Request& request);

/// The client's credentials. A doubled Authorization field is refused.
oauth::Result<oauth::ParsedCredentials> read_credentials(const http::Request& request,
                                                         const oauth::Parameters& form);

/// RFC 6749 section 5.2. 401 gets WWW-Authenticate: Basic, 503 Retry-After. Logs the private
/// detail.
http::Response encode_error(const http::RequestHead& request, const oauth::Error& error);
/// RFC 6749 section 5.1.
http::Response encode_tokens(const oauth::TokenResponse& tokens);
/// A JSON answer that nobody may store.
http::Response uncached_json(int status, std::string body);

/// HTTP's own refusals in OAuth's form, for RouteOptions::errors.
http::Response render_problem(const http::RequestHead& request, const http::Problem& problem);

/// Lets scripts of any origin call an endpoint that looks at no cookie (Fetch standard, CORS).
void allow_any_origin(http::Response& response);

}  // namespace vestibule::provider
