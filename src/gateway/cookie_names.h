#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/cookies.h"

namespace vestibule::gateway {

/// The names of our cookies, which depend on the scheme of the application's origin: `__Host-…`
/// over https, plain names on http://localhost, where browsers refuse the prefix.
struct CookieNames {
  http::CookieScheme scheme = http::CookieScheme::https;
  std::string session;  ///< `__Host-vestibule`
  std::string refresh;  ///< `__Host-vestibule-refresh`, in the jwt format only
  std::string ticket;   ///< `__Host-vestibule-ticket`
  std::string login;    ///< `__Host-vestibule-login`
  std::string choice;   ///< `__Host-vestibule-choice`

  /// Refuses (`invalid`, reason `public_origin`) what is no origin, and http beyond loopback: its
  /// cookies could be read and set by anybody on the way.
  static base::Result<CookieNames> for_origin(std::string_view public_origin);

  /// All of them, for taking them out of what the upstream gets and sets.
  std::vector<std::string> all() const { return {session, refresh, ticket, login, choice}; }

  /// A cookie with the attributes that all of ours have: HttpOnly, SameSite=Lax, Path=/, and
  /// Secure over https.
  http::SetCookie make(const std::string& name, std::string value,
                       std::optional<std::chrono::seconds> max_age) const;
};

/// What stands after `scheme://`: `host[:port]`, as Host has it.
std::string_view authority_of(std::string_view origin);

/// `scheme://host[:port]` of an absolute URL.
std::string origin_of(std::string_view url);

}  // namespace vestibule::gateway
