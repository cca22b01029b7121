#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace vestibule::oauth {

/// An OAuth error that is answered to the caller itself (RFC 6749 section 5.2): the code, a public
/// description, the HTTP status, and a private detail for the log.
struct Error {
  std::string_view code;  ///< invalid_request, invalid_client, invalid_grant …
  std::string description;
  int status = 400;
  std::string detail = {};
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string_view code, std::string description, int status = 400,
                                   std::string detail = {}) {
  return std::unexpected(Error{code, std::move(description), status, std::move(detail)});
}

/// An error of the authorization endpoint that may be redirected to the client (RFC 6749 section
/// 4.1.2.1): only made once client and redirect URI are known to be good.
struct RedirectableError {
  std::string redirect_uri;
  std::string state;
  Error error;
};

}  // namespace vestibule::oauth
