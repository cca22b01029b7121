#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace vestibule::base {

/// A point in time in milliseconds since 1970-01-01 UTC, as stored and compared everywhere.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// The only source of time. Whoever needs the time is given one.
class Clock {
 public:
  virtual ~Clock() = default;
  /// The wall clock. It may jump; code that orders events does not rely on it alone.
  virtual Time now() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  Time now() const override;
};

/// A clock that tests set.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(Time start = Time{Milliseconds{1'795'359'600'000}})
      : now_(start.time_since_epoch().count()) {}
  Time now() const override { return Time{Milliseconds{now_.load()}}; }
  void set(Time t) { now_.store(t.time_since_epoch().count()); }
  void advance(Milliseconds d) { now_.fetch_add(d.count()); }

 private:
  std::atomic<std::int64_t> now_;
};

constexpr std::int64_t to_milliseconds(Time t) {
  return t.time_since_epoch().count();
}
constexpr Time from_milliseconds(std::int64_t ms) {
  return Time{Milliseconds{ms}};
}

/// Seconds since the epoch, rounded down: a JWT's NumericDate (RFC 7519 section 2).
constexpr std::int64_t to_seconds(Time t) {
  return std::chrono::floor<Seconds>(t).time_since_epoch().count();
}

/// RFC 3339 in UTC with millisecond precision: `2026-11-22T15:02:34.503Z`.
std::string to_rfc3339(Time t);

}  // namespace vestibule::base
