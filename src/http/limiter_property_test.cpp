#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "http/limiter.h"

namespace vestibule::http {
namespace {

using std::chrono::milliseconds;

constexpr base::Time start{base::Milliseconds{1'795'359'600'000}};

Rate any_rate() {
  return {*rc::gen::inRange<std::uint32_t>(1, 200),
          milliseconds(*rc::gen::inRange<std::int64_t>(1, 120'000)),
          *rc::gen::inRange<std::uint32_t>(1, 50)};
}

/// Times of requests, not falling, with crowds and pauses.
std::vector<base::Time> any_times() {
  const auto gaps = *rc::gen::container<std::vector<std::int64_t>>(
      rc::gen::oneOf(rc::gen::just<std::int64_t>(0), rc::gen::inRange<std::int64_t>(0, 50),
                     rc::gen::inRange<std::int64_t>(0, 20'000)));
  std::vector<base::Time> times;
  auto now = start;
  for (const auto gap : gaps) times.push_back(now += milliseconds(gap));
  return times;
}

/// At most what has been allowed from `first` to `last`: the burst, and the rate for the time
/// between. The interval is kept in whole microseconds, rounded down.
double most_between(const Rate& rate, base::Time first, base::Time last) {
  const double period = 1000.0 * static_cast<double>(rate.period.count());
  const double interval = std::max(1.0, std::floor(period / rate.count));
  const double passed = 1000.0 * static_cast<double>((last - first).count());
  return rate.burst + std::floor(passed / interval);
}

TEST(RateLimiterProperty, NoWindowHasMoreThanTheBurstAndTheRate) {
  EXPECT_TRUE(rc::check("no window has more than burst + rate * t", [] {
    const auto rate = any_rate();
    RateLimiter limiter(rate);
    std::vector<base::Time> allowed;
    for (const auto now : any_times()) {
      if (limiter.check("k", now).allowed) allowed.push_back(now);
    }
    for (std::size_t i = 0; i < allowed.size(); ++i) {
      for (std::size_t j = i; j < allowed.size(); ++j) {
        RC_ASSERT(static_cast<double>(j - i + 1) <= most_between(rate, allowed[i], allowed[j]));
      }
    }
  }));
}

TEST(RateLimiterProperty, WhatIsRefusedCostsNothing) {
  EXPECT_TRUE(rc::check("leaving the refused requests out changes no verdict", [] {
    const auto rate = any_rate();
    RateLimiter all(rate);
    RateLimiter only_allowed(rate);
    for (const auto now : any_times()) {
      const auto looked = all.look("k", now);
      const auto verdict = all.check("k", now);
      RC_ASSERT(looked.allowed == verdict.allowed);
      RC_ASSERT(looked.retry_after == verdict.retry_after);
      if (verdict.allowed) RC_ASSERT(only_allowed.check("k", now).allowed);
      RC_ASSERT(only_allowed.look("k", now).allowed == all.look("k", now).allowed);
    }
  }));
}

TEST(RateLimiterProperty, WhoWaitsAsToldIsAllowed) {
  EXPECT_TRUE(rc::check("retry_after is enough, and any later time is", [] {
    const auto rate = any_rate();
    RateLimiter limiter(rate);
    base::Time now = start;
    for (const auto time : any_times()) {
      now = time;
      limiter.check("k", now);
    }
    const auto verdict = limiter.look("k", now);
    const auto later = milliseconds(*rc::gen::inRange<std::int64_t>(0, 100'000));
    RC_ASSERT(limiter.look("k", now + verdict.retry_after + later).allowed);
    if (!verdict.allowed) {
      RC_ASSERT(verdict.retry_after > milliseconds(0));
      RC_ASSERT(verdict.retry_after_seconds() >= 1);
      // Monotone: what is refused now was not allowed a little before.
      const auto before = *rc::gen::inRange<std::int64_t>(0, verdict.retry_after.count());
      RC_ASSERT(!limiter.look("k", now + milliseconds(before) - milliseconds(1)).allowed);
    }
  }));
}

TEST(RateLimiterProperty, AClockThatGoesBackLocksNobodyOut) {
  EXPECT_TRUE(rc::check("whatever the clock did, a full burst's time is enough", [] {
    const auto rate = any_rate();
    RateLimiter limiter(rate);
    const auto jumps = *rc::gen::container<std::vector<std::int64_t>>(
        rc::gen::inRange<std::int64_t>(-100'000'000, 100'000'000));
    base::Time now = start;
    for (const auto jump : jumps) {
      now += milliseconds(jump);
      limiter.check("k", now);
      const auto verdict = limiter.look("k", now);
      RC_ASSERT(verdict.retry_after <= rate.period / rate.count * rate.burst + milliseconds(1000));
      RC_ASSERT(limiter.look("k", now + verdict.retry_after).allowed);
    }
  }));
}

TEST(RateLimiterProperty, WhatIsGivenBackWasNeverCounted) {
  EXPECT_TRUE(rc::check("check and give_back leave no trace", [] {
    const auto rate = any_rate();
    RateLimiter plain(rate);
    RateLimiter generous(rate);
    for (const auto now : any_times()) {
      if (*rc::gen::arbitrary<bool>()) {
        if (generous.check("k", now).allowed) generous.give_back("k", now);
      } else {
        RC_ASSERT(plain.check("k", now).allowed == generous.check("k", now).allowed);
      }
      RC_ASSERT(plain.look("k", now).retry_after == generous.look("k", now).retry_after);
    }
  }));
}

TEST(RateLimiterProperty, KeysDoNotTouchEachOther) {
  EXPECT_TRUE(rc::check("what others do changes nothing", [] {
    const auto rate = any_rate();
    RateLimiter alone(rate);
    RateLimiter crowded(rate);
    for (const auto now : any_times()) {
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
        crowded.check("other" + std::to_string(i), now);
      RC_ASSERT(alone.check("k", now).allowed == crowded.check("k", now).allowed);
    }
  }));
}

}  // namespace
}  // namespace vestibule::http
