#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "http/ip.h"
#include "http/limiter.h"
#include "web/device_cookie.h"

namespace vestibule::web {

/// Slows the guessing of one account's password without letting strangers lock its owner out.
///
/// Failures count for the account from one address range, and for the account in all; past either,
/// whoever has not signed in to it with this browser before waits. A browser that has
/// (DeviceCookie) counts by itself, as much as one address range, and so is never in a stranger's
/// way or they in its; past that it is a stranger like others. Accounts go by the name that was
/// typed, so that everything is the same for a name that nobody has. Memory is bounded as the
/// limiters' is; nothing outlives the process. Thread-safe.
class SignInGuard {
 public:
  /// `failures_per_hour` of all strangers at one account, as many at once; one address range, and
  /// one known browser, may have a third of it.
  explicit SignInGuard(std::uint32_t failures_per_hour);

  /// An attempt that has been counted as a failure until it succeeds.
  struct Attempt {
    http::RateVerdict verdict;
    std::string device;  ///< the counters that it is counted in; empty: not in that
    std::string pair;
    std::string account;
  };
  /// Before a password is looked at. `user` is who the name leads to, if anybody.
  Attempt begin(std::string_view name, std::optional<base::UserId> user,
                const std::optional<KnownDevice>& device, const http::IpAddress& client,
                base::Time now);
  /// The password was right: the attempt counts no more.
  void succeed(const Attempt& attempt, base::Time now);

 private:
  http::RateLimiter devices_;
  http::RateLimiter pairs_;
  http::RateLimiter accounts_;
};

}  // namespace vestibule::web
