#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "http/ip.h"
#include "http/limiter.h"

namespace vestibule::gateway {

/// When a browser has to show work before a guest is made for it.
enum class WorkPolicy {
  off,       ///< never: past the limit in all, guests are refused
  pressure,  ///< past the limit in all
  always
};

/// The limits on making guests for browsers: for each client address, and in all. Without work, no
/// more guests are made than the limit in all; guests with work do not count in it. The log has a
/// warning a minute while that limit is reached. Thread-safe.
class GuestGate {
 public:
  struct Limits {
    http::Rate per_address{60, std::chrono::minutes(1), 30};
    http::Rate in_all{60'000, std::chrono::minutes(1), 60'000};
    WorkPolicy policy = WorkPolicy::pressure;
  };
  explicit GuestGate(Limits limits);

  enum class Worked { no, yes };
  enum class Answer { pass, rate_limited, work_due };
  struct Verdict {
    Answer answer = Answer::pass;
    std::int64_t retry_after = 0;  ///< seconds, for `rate_limited`
  };
  /// Counts one guest if it may be made; what is refused counts nowhere.
  Verdict enter(const http::IpAddress& client, Worked worked, base::Time now);

  /// Whether a guest would be refused just now for want of work.
  bool work_is_due(base::Time now) const;

 private:
  Verdict refuse(const http::RateVerdict& all, base::Time now);

  WorkPolicy policy_;
  std::atomic<std::int64_t> told_at_ = 0;  ///< seconds: when the log last had it
  http::AddressLimiter per_address_;
  http::RateLimiter in_all_;
};

}  // namespace vestibule::gateway
