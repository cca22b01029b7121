#include "gateway/proof_of_work.h"

#include <gtest/gtest.h>

#include "gateway/guest_gate.h"
#include "gateway/testing.h"

namespace vestibule::gateway {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr unsigned bits = 6;

class ProofOfWorkTest : public testing::Test {
 protected:
  ProofOfWorkTest() : ticket(kit.ticket.issue(kit.now(), kit.random)), work(kit.sealer, bits) {}

  std::string solved() { return solve_for_test(work.issue(ticket, kit.now())); }
  WorkVerdict check(const std::string& shown) { return work.check(ticket, shown, kit.now()); }

  CookieKit kit;
  Ticket ticket;
  ProofOfWork work;
};

TEST_F(ProofOfWorkTest, ASolutionIsTaken) {
  for (int i = 0; i < 50; ++i) EXPECT_EQ(check(solved()), WorkVerdict::good);
  EXPECT_EQ(work.issue(ticket, kit.now()).bits, bits);
}

TEST_F(ProofOfWorkTest, AChallengeIsForOneTicket) {
  const auto shown = solved();
  const auto other = kit.ticket.issue(kit.now(), kit.random);
  EXPECT_EQ(work.check(other, shown, kit.now()), WorkVerdict::foreign);
}

TEST_F(ProofOfWorkTest, AChallengeGoesStale) {
  const auto shown = solved();
  kit.clock.advance(work_lifetime - seconds(1));
  EXPECT_EQ(check(shown), WorkVerdict::good);
  kit.clock.advance(seconds(1));
  EXPECT_EQ(check(shown), WorkVerdict::stale);
  kit.clock.advance(std::chrono::hours(72));
  EXPECT_EQ(check(shown), WorkVerdict::foreign) << "its key is retired";
}

TEST_F(ProofOfWorkTest, AChallengeOfTheFutureIsStale) {
  const auto shown = solved();
  EXPECT_EQ(work.check(ticket, shown, kit.now() - seconds(30)), WorkVerdict::good);
  EXPECT_EQ(work.check(ticket, shown, kit.now() - minutes(2)), WorkVerdict::stale);
}

TEST_F(ProofOfWorkTest, TooFewBitsAreNotEnough) {
  const auto challenge = work.issue(ticket, kit.now());
  int good = 0;
  for (int nonce = 0; nonce < 6400; ++nonce) {
    const auto verdict = check(challenge.text + "." + std::to_string(nonce));
    EXPECT_TRUE(verdict == WorkVerdict::good || verdict == WorkVerdict::too_little);
    good += verdict == WorkVerdict::good ? 1 : 0;
  }
  // One in 64; more than 6 standard deviations off never happens.
  EXPECT_GT(good, 40);
  EXPECT_LT(good, 160);
}

TEST_F(ProofOfWorkTest, TheDifficultyIsTheChallengesOwn) {
  const ProofOfWork easy(kit.sealer, 1);
  const ProofOfWork hard(kit.sealer, 30);
  const auto shown = solve_for_test(easy.issue(ticket, kit.now()));
  EXPECT_EQ(hard.check(ticket, shown, kit.now()), WorkVerdict::good);
  auto claimed = hard.issue(ticket, kit.now());
  claimed.bits = 1;  // what a browser believes makes no difference
  EXPECT_EQ(easy.check(ticket, solve_for_test(claimed), kit.now()), WorkVerdict::too_little);
}

TEST_F(ProofOfWorkTest, WhatIsMalformedIsRefused) {
  const auto text = work.issue(ticket, kit.now()).text;
  for (const auto& shown : {std::string(), std::string("."), std::string(".1"), text, text + ".",
                            text + ".1a", text + ".-1", text + ". 1", text + ".1.1",
                            text + "." + std::string(17, '1'), text + ".1\n"})
    EXPECT_EQ(check(shown), WorkVerdict::malformed) << shown;
}

TEST_F(ProofOfWorkTest, AForgedChallengeIsRefused) {
  const auto text = work.issue(ticket, kit.now()).text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(check(changed + ".1"), WorkVerdict::foreign) << i;
    if (i > 0) EXPECT_EQ(check(text.substr(0, i) + ".1"), WorkVerdict::foreign) << i;
  }
  CookieKit stranger(CookieFormat::sealed, 'r');
  EXPECT_EQ(check(solve_for_test(ProofOfWork(stranger.sealer, 1).issue(ticket, kit.now()))),
            WorkVerdict::foreign);
  CookieKit elsewhere(CookieFormat::sealed, 'q', "https://other.example");
  EXPECT_EQ(check(solve_for_test(ProofOfWork(elsewhere.sealer, 1).issue(ticket, kit.now()))),
            WorkVerdict::foreign);
  const auto cookie = kit.ticket.write(ticket, kit.now()).value;
  EXPECT_EQ(check(cookie + ".1"), WorkVerdict::foreign) << "another thing that we sealed";
}

TEST_F(ProofOfWorkTest, TwoFieldsAreNone) {
  http::HeaderList fields;
  EXPECT_EQ(shown_work(fields), "");
  fields.add(std::string(work_header), "a.1");
  EXPECT_EQ(shown_work(fields), "a.1");
  fields.add(std::string(work_header), "a.1");
  EXPECT_EQ(shown_work(fields), "");
}

class GuestGateTest : public testing::Test {
 protected:
  using Answer = GuestGate::Answer;
  using Worked = GuestGate::Worked;
  static GuestGate::Limits limits(WorkPolicy policy) {
    return {.per_address = {60, minutes(1), 2}, .in_all = {5, minutes(1), 5}, .policy = policy};
  }
  static http::IpAddress address(int number) {
    return *http::IpAddress::parse("192.0.2." + std::to_string(number));
  }
  static int passed(GuestGate& gate, int count, Worked worked, base::Time now) {
    int passed = 0;
    for (int i = 0; i < count; ++i)
      passed += gate.enter(address(i), worked, now).answer == Answer::pass ? 1 : 0;
    return passed;
  }
  base::FakeClock clock;
};

TEST_F(GuestGateTest, PastTheLimitInAllWorkIsDue) {
  GuestGate gate(limits(WorkPolicy::pressure));
  EXPECT_FALSE(gate.work_is_due(clock.now()));
  EXPECT_EQ(passed(gate, 20, Worked::no, clock.now()), 5);
  EXPECT_TRUE(gate.work_is_due(clock.now()));
  EXPECT_EQ(gate.enter(address(50), Worked::no, clock.now()).answer, Answer::work_due);
  EXPECT_EQ(passed(gate, 20, Worked::yes, clock.now()), 20) << "with work there is no limit in all";
  clock.advance(seconds(12));
  EXPECT_FALSE(gate.work_is_due(clock.now()));
  EXPECT_EQ(passed(gate, 20, Worked::no, clock.now()), 1);
}

TEST_F(GuestGateTest, WithoutWorkAsAnOptionTheLimitRefuses) {
  GuestGate gate(limits(WorkPolicy::off));
  EXPECT_EQ(passed(gate, 20, Worked::no, clock.now()), 5);
  EXPECT_FALSE(gate.work_is_due(clock.now()));
  const auto refused = gate.enter(address(50), Worked::no, clock.now());
  EXPECT_EQ(refused.answer, Answer::rate_limited);
  EXPECT_EQ(refused.retry_after, 12);
}

TEST_F(GuestGateTest, AlwaysIsAlways) {
  GuestGate gate(limits(WorkPolicy::always));
  EXPECT_TRUE(gate.work_is_due(clock.now()));
  EXPECT_EQ(passed(gate, 20, Worked::no, clock.now()), 0);
  EXPECT_EQ(passed(gate, 20, Worked::yes, clock.now()), 20);
}

TEST_F(GuestGateTest, WorkDoesNotLiftTheAddressesLimit) {
  GuestGate gate(limits(WorkPolicy::always));
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(gate.enter(address(1), Worked::yes, clock.now()).answer, Answer::pass);
  const auto refused = gate.enter(address(1), Worked::yes, clock.now());
  EXPECT_EQ(refused.answer, Answer::rate_limited);
  EXPECT_EQ(refused.retry_after, 1);
}

TEST_F(GuestGateTest, BeingAskedForWorkCostsTheAddressNothing) {
  GuestGate gate(limits(WorkPolicy::always));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(gate.enter(address(1), Worked::no, clock.now()).answer, Answer::work_due);
  EXPECT_EQ(gate.enter(address(1), Worked::yes, clock.now()).answer, Answer::pass);
}

}  // namespace
}  // namespace vestibule::gateway
