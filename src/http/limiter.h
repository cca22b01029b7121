#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "http/ip.h"

namespace vestibule::http {

/// `count` requests in each `period`, evenly spread, with `burst` at once from rest.
struct Rate {
  std::uint32_t count = 60;
  base::Milliseconds period = std::chrono::minutes(1);
  std::uint32_t burst = 30;
};

struct RateVerdict {
  bool allowed = true;
  base::Milliseconds retry_after{};  ///< zero if allowed

  /// For Retry-After (RFC 9110 section 10.2.3): whole seconds, rounded up, at least 1.
  std::int64_t retry_after_seconds() const;
};

/// The generic cell rate algorithm: one time per key, no counters to reset. Safe from any thread.
/// At most `capacity` keys are remembered; past that, the keys closest to being at rest are
/// forgotten first, so that a flood of new keys frees quiet ones before busy ones.
class RateLimiter {
 public:
  explicit RateLimiter(Rate rate, std::size_t capacity = 1 << 18);

  /// Counts one request of `key` if it is allowed; a refused one costs nothing.
  RateVerdict check(std::string_view key, base::Time now);
  /// What check would say; counts nothing.
  RateVerdict look(std::string_view key, base::Time now) const;
  /// Takes back one request that check has counted.
  void give_back(std::string_view key, base::Time now);
  std::size_t size() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>{}(key);
    }
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> arrival;  ///< µs
  };
  static constexpr std::size_t shard_count = 16;

  /// The theoretical arrival time of a key at `now`.
  std::int64_t arrival_of(const Shard& shard, std::string_view key, std::int64_t now) const;
  RateVerdict judge(std::int64_t arrival, std::int64_t now) const;
  void make_room(Shard& shard, std::int64_t now) const;

  std::int64_t interval_;   ///< µs between requests at the sustained rate
  std::int64_t tolerance_;  ///< µs that a burst may run ahead
  std::size_t shard_capacity_;
  std::array<Shard, shard_count> shards_;
};

/// A RateLimiter over client addresses. IPv4 counts by address; IPv6 by /64 at `rate`, and by /56
/// and /48 at 4 and 16 times `rate`, since one subscriber commonly holds as much.
class AddressLimiter {
 public:
  explicit AddressLimiter(Rate rate, std::size_t capacity = 1 << 18);
  RateVerdict check(const IpAddress& client, base::Time now);

 private:
  RateLimiter single_;
  RateLimiter site_;
  RateLimiter block_;
};

/// The key of the range that holds `client`: the address itself for IPv4, the masked one for IPv6.
std::string address_key(const IpAddress& client, unsigned ipv6_prefix = 64);

}  // namespace vestibule::http
