#pragma once

#include <string>
#include <string_view>

#include "http/cookies.h"
#include "http/headers.h"

namespace vestibule::http {

/// An answer. The server adds Content-Length, Date and Connection, and `Cache-Control: private,
/// no-store` to each one that sets a cookie.
struct Response {
  int status = 200;
  HeaderList headers;
  std::string body;

  static Response json(int status, std::string body);
  static Response html(int status, std::string body);
  static Response text(int status, std::string body);
  static Response no_content();
  /// 303 See Other: GET it next. `location` must be free of control characters (else a bug:
  /// throws).
  static Response redirect(std::string location);
  /// 302 Found, for protocols that name it.
  static Response found(std::string location);

  Response& with_header(std::string name, std::string value) &;
  Response&& with_header(std::string name, std::string value) &&;
  Response& with_cookie(const SetCookie& cookie) &;
  Response&& with_cookie(const SetCookie& cookie) &&;
};

/// The standard reason phrase, or "Unknown".
std::string_view reason_phrase(int status);

/// Every answer that sets a cookie is private and not stored (design section 4). Applied to every
/// head that leaves a Server, proxied ones included; nothing else needs to call it.
void protect_cookies(HeaderList& headers);

}  // namespace vestibule::http
