#pragma once

#include <string>
#include <string_view>

namespace vestibule::http {

/// A refusal that comes from HTTP itself and not from an endpoint.
enum class ProblemKind {
  malformed,           ///< 400: see wire.h
  body_too_large,      ///< 413
  not_found,           ///< 404: no route
  method_not_allowed,  ///< 405: the path has routes, none with this method
  misdirected,         ///< 421: no site for this Host
  request_timeout,     ///< 408: the body came too slowly
  internal,            ///< 500: an exception left a handler
  unavailable,         ///< 503: a lost dependency, by Site::classify
  bad_gateway,         ///< 502: the upstream refused, cut off or broke the protocol
  gateway_timeout,     ///< 504: the upstream did not answer in time
};

/// What an error renderer turns into the protocol's own error body. A renderer that leaves the
/// status at 200 gets status_of(kind); Allow, Retry-After and Connection are added by the server.
struct Problem {
  ProblemKind kind = ProblemKind::internal;
  std::string message;  ///< for the caller: precise, without secrets
};

int status_of(ProblemKind kind);
/// A stable word: `not_found`, `body_too_large` …
std::string_view to_string(ProblemKind kind);

}  // namespace vestibule::http
