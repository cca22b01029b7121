#include "http/limiter.h"

#include <algorithm>
#include <stdexcept>

namespace vestibule::http {

namespace {

std::int64_t microseconds(base::Time time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

Rate times(Rate rate, std::uint32_t factor) {
  return {rate.count * factor, rate.period, rate.burst * factor};
}

}  // namespace

std::int64_t RateVerdict::retry_after_seconds() const {
  return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(retry_after).count());
}

RateLimiter::RateLimiter(Rate rate, std::size_t capacity)
    : interval_(0),
      tolerance_(0),
      shard_capacity_(std::max<std::size_t>(1, capacity / shard_count)) {
  if (rate.count == 0 || rate.burst == 0 || rate.period.count() <= 0)
    throw std::invalid_argument("a rate limit needs a count, a period and a burst");
  const auto period = std::chrono::duration_cast<std::chrono::microseconds>(rate.period).count();
  interval_ = std::max<std::int64_t>(1, period / rate.count);
  tolerance_ = interval_ * (rate.burst - 1);
}

// The theoretical arrival time is when the next request would be due at the sustained rate. A clock
// that was set back must not lock anybody out for longer than a full burst takes.
std::int64_t RateLimiter::arrival_of(const Shard& shard, std::string_view key,
                                     std::int64_t now) const {
  const auto entry = shard.arrival.find(key);
  const auto arrival = entry == shard.arrival.end() ? now : std::max(entry->second, now);
  return std::min(arrival, now + tolerance_ + interval_);
}

RateVerdict RateLimiter::judge(std::int64_t arrival, std::int64_t now) const {
  const auto early = arrival - now - tolerance_;
  if (early <= 0) return {};
  return {false, std::chrono::ceil<base::Milliseconds>(std::chrono::microseconds(early))};
}

RateVerdict RateLimiter::check(std::string_view key, base::Time time) {
  const auto now = microseconds(time);
  auto& shard = shards_[Hash{}(key) % shard_count];
  const std::lock_guard lock(shard.mutex);
  const auto arrival = arrival_of(shard, key, now);
  const auto verdict = judge(arrival, now);
  const auto due = verdict.allowed ? arrival + interval_ : arrival;
  if (const auto entry = shard.arrival.find(key); entry != shard.arrival.end()) {
    entry->second = due;
  } else {
    if (shard.arrival.size() >= shard_capacity_) make_room(shard, now);
    shard.arrival.emplace(key, due);
  }
  return verdict;
}

RateVerdict RateLimiter::look(std::string_view key, base::Time time) const {
  const auto now = microseconds(time);
  const auto& shard = shards_[Hash{}(key) % shard_count];
  const std::lock_guard lock(shard.mutex);
  return judge(arrival_of(shard, key, now), now);
}

void RateLimiter::give_back(std::string_view key, base::Time time) {
  const auto now = microseconds(time);
  auto& shard = shards_[Hash{}(key) % shard_count];
  const std::lock_guard lock(shard.mutex);
  const auto entry = shard.arrival.find(key);
  if (entry == shard.arrival.end()) return;
  entry->second = arrival_of(shard, key, now) - interval_;
  if (entry->second <= now) shard.arrival.erase(entry);
}

void RateLimiter::make_room(Shard& shard, std::int64_t now) const {
  std::erase_if(shard.arrival, [now](const auto& entry) { return entry.second <= now; });
  if (shard.arrival.size() < shard_capacity_) return;
  std::vector<std::int64_t> arrivals;
  arrivals.reserve(shard.arrival.size());
  for (const auto& [key, arrival] : shard.arrival) arrivals.push_back(arrival);
  // A quarter at once, so that the next ones need not look again.
  const auto quarter = arrivals.begin() + static_cast<std::ptrdiff_t>(arrivals.size() / 4);
  std::ranges::nth_element(arrivals, quarter);
  auto surplus = arrivals.size() / 4 + 1;
  std::erase_if(shard.arrival, [&, bound = *quarter](const auto& entry) {
    if (entry.second > bound || surplus == 0) return false;
    --surplus;
    return true;
  });
}

std::size_t RateLimiter::size() const {
  std::size_t total = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    total += shard.arrival.size();
  }
  return total;
}

AddressLimiter::AddressLimiter(Rate rate, std::size_t capacity)
    : single_(rate, capacity), site_(times(rate, 4), capacity), block_(times(rate, 16), capacity) {}

RateVerdict AddressLimiter::check(const IpAddress& client, base::Time now) {
  auto verdict = single_.check(address_key(client, 64), now);
  if (client.is_v4()) return verdict;
  if (verdict.allowed) verdict = site_.check(address_key(client, 56), now);
  if (verdict.allowed) verdict = block_.check(address_key(client, 48), now);
  return verdict;
}

std::string address_key(const IpAddress& client, unsigned ipv6_prefix) {
  const auto range = client.is_v4() ? client : client.masked(ipv6_prefix);
  const auto bytes = range.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace vestibule::http
