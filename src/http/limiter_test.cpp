#include "http/limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace vestibule::http {
namespace {

using namespace std::chrono_literals;

constexpr base::Time start{base::Milliseconds{1'795'359'600'000}};

TEST(RateLimiter, AllowsTheBurstAndThenTheRate) {
  RateLimiter limiter({60, 60s, 3});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.check("a", start).allowed);
  const auto refused = limiter.check("a", start);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 1000ms);
  EXPECT_EQ(refused.retry_after_seconds(), 1);
  EXPECT_TRUE(limiter.check("b", start).allowed);
  EXPECT_FALSE(limiter.check("a", start + 999ms).allowed);
  EXPECT_TRUE(limiter.check("a", start + 1000ms).allowed);
  EXPECT_FALSE(limiter.check("a", start + 1000ms).allowed);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.check("a", start + 10s).allowed);
  EXPECT_FALSE(limiter.check("a", start + 10s).allowed);
}

TEST(RateLimiter, NeverAllowsMoreThanRateAndBurst) {
  RateLimiter limiter({60, 60s, 30});
  int allowed = 0;
  for (int ms = 0; ms < 60'000; ms += 50)
    allowed += limiter.check("a", start + base::Milliseconds(ms)).allowed ? 1 : 0;
  EXPECT_EQ(allowed, 30 + 59);
}

TEST(RateLimiter, AClockSetBackLocksNobodyOut) {
  RateLimiter limiter({1, 1s, 1});
  EXPECT_TRUE(limiter.check("a", start + 24h).allowed);
  EXPECT_FALSE(limiter.check("a", start).allowed);
  EXPECT_TRUE(limiter.check("a", start + 1s).allowed);
}

TEST(RateLimiter, MemoryIsBoundedAndTheBusyAreRemembered) {
  RateLimiter limiter({60, 60s, 30}, 1600);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(limiter.check("busy", start).allowed);
  for (int i = 0; i < 20'000; ++i) limiter.check("key" + std::to_string(i), start);
  EXPECT_LE(limiter.size(), 1600U);
  EXPECT_FALSE(limiter.check("busy", start).allowed);
}

TEST(RateLimiter, CountsExactlyUnderThreads) {
  RateLimiter limiter({1, 1h, 100});
  std::atomic<int> allowed = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) allowed += limiter.check("a", start).allowed ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(allowed, 100);
}

TEST(RateLimiter, ARateOfNothingIsAMistake) {
  EXPECT_THROW(RateLimiter({0, 60s, 1}), std::invalid_argument);
  EXPECT_THROW(RateLimiter({1, 60s, 0}), std::invalid_argument);
  EXPECT_THROW(RateLimiter({1, 0s, 1}), std::invalid_argument);
}

int allowed_of(AddressLimiter& limiter, const std::string& prefix, int count) {
  int allowed = 0;
  for (int i = 0; i < count; ++i) {
    const auto address = IpAddress::parse(prefix + std::to_string(i));
    allowed += limiter.check(*address, start).allowed ? 1 : 0;
  }
  return allowed;
}

TEST(AddressLimiter, CountsIpv6ByItsPrefixes) {
  AddressLimiter by_64({1, 1h, 2});
  EXPECT_EQ(allowed_of(by_64, "2001:db8:0:1::", 10), 2);
  AddressLimiter by_56({1, 1h, 2});
  int allowed = 0;
  for (int network = 0; network < 10; ++network)
    allowed += allowed_of(by_56, "2001:db8:0:" + std::to_string(network) + "::", 2);
  EXPECT_EQ(allowed, 8);
  AddressLimiter by_v4({1, 1h, 2});
  EXPECT_EQ(allowed_of(by_v4, "192.0.2.", 10), 10);
}

}  // namespace
}  // namespace vestibule::http
