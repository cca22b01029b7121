#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "http/cookies.h"
#include "http/request.h"
#include "keys/sealer.h"

namespace vestibule::web {

/// How long a browser stays signed in at the provider.
inline constexpr base::Milliseconds browser_session_lifetime = std::chrono::days(7);

/// The provider's session cookie: the session's id, sealed. `__Host-vestibule-provider`, or
/// `vestibule-provider` on plain http, which is for loopback only.
class BrowserSessions {
 public:
  BrowserSessions(std::string public_origin, keys::PurposeKeys& keys, base::Random& random);

  /// The session that the cookie names; nullopt without one, with two, or with a changed one.
  std::optional<base::SessionId> read(const http::RequestHead& request, base::Time now) const;
  http::SetCookie write(base::SessionId session, base::Time now) const;
  http::SetCookie clear() const;

 private:
  http::SetCookie cookie() const;

  std::string origin_;
  std::string name_;
  http::CookieScheme scheme_;
  keys::Sealer sealer_;
};

}  // namespace vestibule::web
