#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace vestibule::base {

/// What sort of refusal an Error is; each edge maps it to a status of its own protocol once.
enum class ErrorKind {
  invalid,          ///< the request is malformed or a value is not allowed
  unauthenticated,  ///< no valid credential
  forbidden,        ///< a valid credential without the right
  not_found,        ///< no such thing, or not visible to the caller
  already_exists,   ///< a unique name or id is taken
  conflict,         ///< the thing's state does not allow it now
  gone,             ///< it was there and is not any more
  too_large,        ///< over a size limit
  rate_limited,     ///< over a rate limit
  unavailable,      ///< a dependency is lost; retrying later may help
};

/// An expected failure. `reason` is a stable word for machines (a string literal), `message` is
/// for the caller and carries no secret, `detail` is for the log only, `field` names the offending
/// input when there is one.
struct Error {
  ErrorKind kind = ErrorKind::invalid;
  std::string_view reason;
  std::string message;
  std::string field;
  std::string detail;
};

template <class T>
using Result = std::expected<T, Error>;

/// Shorthand for `return fail(ErrorKind::gone, "guest_gone", "…")`.
inline std::unexpected<Error> fail(ErrorKind kind, std::string_view reason, std::string message,
                                   std::string field = {}) {
  return std::unexpected(Error{kind, reason, std::move(message), std::move(field), {}});
}

}  // namespace vestibule::base
