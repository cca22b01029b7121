#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "http/cookies.h"
#include "http/request.h"
#include "keys/sealer.h"

namespace vestibule::web {

/// A browser that somebody has signed in with before, and as whom: the newest first.
struct KnownDevice {
  std::string id;  ///< 16 random bytes
  std::vector<base::UserId> users;

  bool knows(base::UserId user) const;
};

/// Tells the browsers of an account's owner from strangers' (OWASP, "Device cookies"): a sealed
/// cookie that each successful sign-in writes. It signs nobody in; it only keeps its holder out of
/// the way of strangers who guess. `__Host-vestibule-device`, or `vestibule-device` on plain http.
class DeviceCookie {
 public:
  /// More users of one browser push out the ones who have not signed in for longest.
  static constexpr std::size_t most_users = 8;

  DeviceCookie(std::string public_origin, keys::PurposeKeys& keys, base::Random& random);

  /// nullopt without one, with two, or with a changed one.
  std::optional<KnownDevice> read(const http::RequestHead& request, base::Time now) const;
  /// What the browser gets after `user` has signed in: the device that it was, or a new one.
  http::SetCookie write(std::optional<KnownDevice> device, base::UserId user, base::Time now) const;

 private:
  std::string origin_;
  std::string name_;
  http::CookieScheme scheme_;
  keys::Sealer sealer_;
  base::Random& random_;
};

}  // namespace vestibule::web
