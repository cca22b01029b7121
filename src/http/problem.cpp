#include "http/problem.h"

namespace vestibule::http {

int status_of(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::malformed:
      return 400;
    case ProblemKind::body_too_large:
      return 413;
    case ProblemKind::not_found:
      return 404;
    case ProblemKind::method_not_allowed:
      return 405;
    case ProblemKind::misdirected:
      return 421;
    case ProblemKind::request_timeout:
      return 408;
    case ProblemKind::internal:
      return 500;
    case ProblemKind::unavailable:
      return 503;
    case ProblemKind::bad_gateway:
      return 502;
    case ProblemKind::gateway_timeout:
      return 504;
  }
  return 500;
}

std::string_view to_string(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::malformed:
      return "malformed";
    case ProblemKind::body_too_large:
      return "body_too_large";
    case ProblemKind::not_found:
      return "not_found";
    case ProblemKind::method_not_allowed:
      return "method_not_allowed";
    case ProblemKind::misdirected:
      return "misdirected";
    case ProblemKind::request_timeout:
      return "request_timeout";
    case ProblemKind::internal:
      return "internal";
    case ProblemKind::unavailable:
      return "unavailable";
    case ProblemKind::bad_gateway:
      return "bad_gateway";
    case ProblemKind::gateway_timeout:
      return "gateway_timeout";
  }
  return "internal";
}

}  // namespace vestibule::http
