#include "web/sign_in_guard.h"

#include <gtest/gtest.h>

namespace vestibule::web {
namespace {

using namespace std::chrono_literals;

constexpr base::Time start{base::Milliseconds{1'795'359'600'000}};
constexpr base::UserId owner{77};
constexpr std::uint32_t per_hour = 30;  // so 10 for one address, and for one known browser

http::IpAddress address(int number) {
  return *http::IpAddress::parse("198.51." + std::to_string(number / 250) + "." +
                                 std::to_string(number % 250));
}

class SignInGuardTest : public testing::Test {
 protected:
  bool guess(const std::string& name, int from, base::Time now = start) {
    return guard.begin(name, owner, std::nullopt, address(from), now).verdict.allowed;
  }
  bool guess_on(const KnownDevice& browser, int from, base::Time now = start) {
    return guard.begin("ada", owner, browser, address(from), now).verdict.allowed;
  }
  int allowed_guesses(int count, const std::function<bool(int)>& one) {
    int allowed = 0;
    for (int i = 0; i < count; ++i) allowed += one(i) ? 1 : 0;
    return allowed;
  }

  SignInGuard guard{per_hour};
  const KnownDevice device{std::string(16, 'd'), {owner}};
};

TEST_F(SignInGuardTest, ManyAddressesAtOneAccountStopAtItsLimitAndItsOwnerDoesNot) {
  EXPECT_EQ(allowed_guesses(1000, [&](int i) { return guess("ada", i); }), 30);
  EXPECT_FALSE(guess("ada", 5000)) << "nor may an address that was never seen";
  EXPECT_TRUE(guess_on(device, 5001)) << "its owner's browser is not in their way";
  EXPECT_TRUE(guess("bob", 3)) << "nor is another account";
  EXPECT_TRUE(guess("ada", 5000, start + 121s)) << "one more each two minutes";
}

TEST_F(SignInGuardTest, OneAddressHasAThirdAtEachAccount) {
  EXPECT_EQ(allowed_guesses(100, [&](int) { return guess("ada", 1); }), 10);
  EXPECT_EQ(allowed_guesses(100, [&](int) { return guess("bob", 1); }), 10);
  EXPECT_TRUE(guess("ada", 2));
}

TEST_F(SignInGuardTest, WhatIsRefusedCostsTheAddressNothing) {
  for (int i = 0; i < 30; ++i) guess("ada", 100 + i);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(guess("ada", 1));
  // After an hour the account is at rest, and the address has all of its own again.
  EXPECT_EQ(allowed_guesses(100, [&](int) { return guess("ada", 1, start + 1h); }), 10);
}

TEST_F(SignInGuardTest, AKnownBrowserThatGuessesIsAStrangerInTheEnd) {
  EXPECT_EQ(allowed_guesses(100, [&](int) { return guess_on(device, 1); }), 10 + 10)
      << "its own, then the address's";
  EXPECT_TRUE(guess_on(KnownDevice{std::string(16, 'e'), {owner}}, 1)) << "another one";
}

TEST_F(SignInGuardTest, ABrowserOfAnotherAccountIsAStranger) {
  for (int i = 0; i < 30; ++i) guess("ada", 100 + i);
  EXPECT_FALSE(guess_on(KnownDevice{std::string(16, 'e'), {base::UserId{78}}}, 1));
  EXPECT_FALSE(guess_on(KnownDevice{std::string(16, 'e'), {}}, 1));
  EXPECT_FALSE(guard.begin("ada", std::nullopt, device, address(1), start).verdict.allowed)
      << "a name that leads to nobody is known to no browser";
}

TEST_F(SignInGuardTest, ANameThatNobodyHasIsCountedAlike) {
  SignInGuard other{per_hour};
  for (int i = 0; i < 200; ++i) {
    const auto now = start + base::Milliseconds(i * 700);
    const auto someone = guard.begin("x", owner, std::nullopt, address(i % 7), now);
    const auto nobody = other.begin("x", std::nullopt, std::nullopt, address(i % 7), now);
    EXPECT_EQ(someone.verdict.allowed, nobody.verdict.allowed);
    EXPECT_EQ(someone.verdict.retry_after, nobody.verdict.retry_after);
  }
}

TEST_F(SignInGuardTest, SuccessesAreNotCounted) {
  for (int i = 0; i < 200; ++i) {
    const auto stranger = guard.begin("ada", owner, std::nullopt, address(1), start);
    ASSERT_TRUE(stranger.verdict.allowed) << i;
    guard.succeed(stranger, start);
    const auto known = guard.begin("ada", owner, device, address(1), start);
    ASSERT_TRUE(known.verdict.allowed) << i;
    guard.succeed(known, start);
  }
}

TEST_F(SignInGuardTest, AttemptsUnderWayAreCountedAlready) {
  std::vector<SignInGuard::Attempt> under_way;
  for (int i = 0; i < 50; ++i)
    under_way.push_back(guard.begin("ada", owner, std::nullopt, address(i), start));
  EXPECT_EQ(std::ranges::count_if(under_way, [](const auto& a) { return a.verdict.allowed; }), 30);
}

TEST_F(SignInGuardTest, ANameIsOneHoweverItIsTyped) {
  EXPECT_EQ(allowed_guesses(60, [&](int i) { return guess(i % 2 ? " ADA" : "ada ", 1); }), 10);
  EXPECT_TRUE(guess(std::string(100'000, 'a'), 2));
}

TEST_F(SignInGuardTest, AnIpv6SubscriberIsOneAddress) {
  const auto from = [&](int i) {
    const auto client = *http::IpAddress::parse("2001:db8:0:1::" + std::to_string(i + 1));
    return guard.begin("ada", owner, std::nullopt, client, start).verdict.allowed;
  };
  EXPECT_EQ(allowed_guesses(100, from), 10);
}

}  // namespace
}  // namespace vestibule::web
