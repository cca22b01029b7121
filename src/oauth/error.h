#pragma once

#include <cstddef>
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

/// What the caller sent, as a description may repeat it: the characters that RFC 6749 section 5.2
/// does not allow become `?`, and nothing is longer than a name needs to be.
inline std::string quotable(std::string_view text) {
  constexpr std::size_t most = 100;
  std::string out(text.substr(0, most));
  for (char& c : out) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\') c = '?';
  }
  return out;
}

}  // namespace vestibule::oauth
