#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/headers.h"

namespace vestibule::http {

/// What a request says about one cookie. A duplicate is never resolved by taking one of the two.
struct CookieLookup {
  enum class State { absent, single, duplicated };
  State state = State::absent;
  std::string_view value;  ///< only for `single`; refers to the Cookies

  bool single() const { return state == State::single; }
  bool duplicated() const { return state == State::duplicated; }
};

/// The cookies of a request, split as RFC 6265 section 5.4 writes them and matched byte for byte:
/// names are case-sensitive, values are not unquoted or decoded.
class Cookies {
 public:
  explicit Cookies(const HeaderList& headers);

  CookieLookup find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return cookies_; }

 private:
  std::vector<std::pair<std::string, std::string>> cookies_;
};

/// The Cookie field without the cookies that `names` lists, for an upstream; empty if none is left.
std::string without_cookies(const HeaderList& headers, const std::vector<std::string>& names);

enum class SameSite { strict, lax, none };
enum class CookieScheme { https, plain };        ///< https writes Secure
enum class ScriptAccess { refused, permitted };  ///< refused writes HttpOnly

/// A cookie to set; always of the host itself (no Domain).
struct SetCookie {
  std::string name;
  std::string value;
  std::string path = "/";
  std::optional<std::chrono::seconds> max_age;  ///< without one it ends with the browser's session
  SameSite same_site = SameSite::lax;
  CookieScheme scheme = CookieScheme::https;
  ScriptAccess script_access = ScriptAccess::refused;

  /// The cookie that deletes this one: no value, Max-Age=0, the same attributes.
  SetCookie deletion() const;
  /// The field value. Throws std::invalid_argument for a bug of the caller: characters that RFC
  /// 6265 section 4.1.1 does not allow, over 4,096 bytes of name and value, a `__Host-` name
  /// without Secure or with another path than `/`, a `__Secure-` name or SameSite=None without
  /// Secure.
  std::string to_string() const;
};

}  // namespace vestibule::http
