#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "accounts/mailer.h"
#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

using Kind = mail::Failure::Kind;
using Sent = std::expected<void, mail::Failure>;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view address = "ada@example.org";

Sent fail(Kind kind) {
  return std::unexpected(mail::Failure{kind, "test"});
}

/// What happens to mails that do not go, or when the process dies while they do.
class MailerFailureTest : public testing::Test, public TestWorld {
 protected:
  std::size_t jobs() {
    static const store::Statement count{"test.jobs", "select count(*) from mail_jobs"};
    return read([&](store::Transaction& tx) {
      auto rows = tx.query(count);
      rows.next();
      return static_cast<std::size_t>(rows.integer(0));
    });
  }
  int send_failing(Kind kind) {
    return send_through([kind](const Mail&) { return fail(kind); });
  }
  /// A process that dies while the mail is under way.
  void die_while_sending() {
    struct Death {};
    const auto die = [](const Mail&) -> Sent { throw Death{}; };
    EXPECT_THROW(send_through(die), Death);
  }
};

TEST_F(MailerFailureTest, AMailThatIsPostponedIsTriedAgainWithAWorkingLink) {
  add_claimant(address);
  pass(mail_jitter);
  EXPECT_EQ(send_failing(Kind::postponed), 0);
  EXPECT_EQ(jobs(), 1U);
  EXPECT_TRUE(deliver().empty()) << "not at once";
  pass(seconds(30));
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_TRUE(prove(tokens(sent[0]).at(0)));
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(MailerFailureTest, AMailThatNeverGoesIsGivenUpAfterADay) {
  add_claimant(address);
  pass(mail_jitter);
  int attempts = 0;
  const auto begin = now();
  while (jobs() > 0 && attempts < 100) {
    send_through([&](const Mail&) {
      ++attempts;
      return fail(Kind::postponed);
    });
    if (jobs() > 0) pass(minutes(1));
    if (now() - begin > hours(72)) break;
  }
  EXPECT_EQ(jobs(), 0U);
  EXPECT_EQ(attempts, 16);
  EXPECT_GT(now() - begin, hours(20));
}

TEST_F(MailerFailureTest, AMailThatIsRefusedForGoodIsForgotten) {
  add_claimant(address);
  pass(mail_jitter);
  EXPECT_EQ(send_failing(Kind::refused), 0);
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(MailerFailureTest, AttemptsCountOnceForTheLimit) {
  add_claimant(address);
  pass(mail_jitter);
  for (int i = 0; i < 3; ++i) {
    send_failing(Kind::postponed);
    pass(hours(1));
  }
  EXPECT_EQ(deliver(1).size(), 1U) << "what failed does not use up the address's one mail";
  add_claimant(address);
  EXPECT_TRUE(deliver(1).empty()) << "but the one that went does";
}

TEST_F(MailerFailureTest, AResetIsNotHeldBackByItsOwnFailedAttempt) {
  const auto owner = add_owner(address);
  request(MailKind::reset, address);
  pass(mail_jitter);
  EXPECT_EQ(send_failing(Kind::postponed), 0);
  pass(seconds(30));
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(reset(tokens(sent[0]).at(0)).value().id, owner.id);
}

TEST_F(MailerFailureTest, ACrashWhileSendingSendsAgainWhenTheLeaseIsOver) {
  add_claimant(address);
  pass(mail_jitter);
  die_while_sending();
  EXPECT_EQ(jobs(), 1U);
  EXPECT_TRUE(deliver().empty()) << "the lease holds";
  pass(mail_lease);
  EXPECT_EQ(deliver().size(), 1U);
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(MailerFailureTest, AResetSurvivesACrash) {
  add_owner(address);
  request(MailKind::reset, address);
  pass(mail_jitter);
  die_while_sending();
  pass(mail_lease);
  EXPECT_EQ(deliver().size(), 1U);
}

TEST_F(MailerFailureTest, AnInterruptedMailIsDueAtOnce) {
  add_claimant(address);
  pass(mail_jitter);
  EXPECT_EQ(send_failing(Kind::interrupted), 0);
  EXPECT_EQ(deliver().size(), 1U);
}

TEST_F(MailerFailureTest, AskedToStopItBeginsNoMail) {
  add_claimant(address);
  pass(mail_jitter);
  std::stop_source stop;
  stop.request_stop();
  const auto never = [](const Mail&, const std::stop_token&) -> Sent {
    ADD_FAILURE();
    return {};
  };
  Mailer mailer(*store, {.public_url = "https://id.example"}, never, random, clock);
  EXPECT_EQ(mailer.send_due(stop.get_token()), 0);
  EXPECT_EQ(deliver().size(), 1U);
}

TEST_F(MailerFailureTest, WithoutAServerOneAttemptIsEnoughForAWhile) {
  for (int i = 0; i < 5; ++i) add_claimant("a" + std::to_string(i) + "@example.org");
  pass(mail_jitter);
  int attempts = 0;
  const auto unreachable = [&](const Mail&, const std::stop_token&) {
    ++attempts;
    return fail(Kind::unreachable);
  };
  Mailer mailer(*store, {.public_url = "https://id.example"}, unreachable, random, clock);
  mailer.send_due();
  mailer.send_due();
  EXPECT_EQ(attempts, 1);
  pass(seconds(30));
  mailer.send_due();
  EXPECT_EQ(attempts, 2);
  EXPECT_EQ(jobs(), 5U);
}

TEST_F(MailerFailureTest, WhatIsBeingSentIsNobodyElses) {
  add_claimant(address);
  pass(mail_jitter);
  const auto sent = send_through([&](const Mail&) {
    EXPECT_TRUE(read([&](store::Transaction&) { return true; })) << "no transaction is open";
    EXPECT_EQ(send_through([](const Mail&) -> Sent {
                ADD_FAILURE() << "twice at once";
                return {};
              }),
              0);
    return Sent{};
  });
  EXPECT_EQ(sent, 1);
}

TEST_F(MailerFailureTest, ManyMailersSendEachMailOnce) {
  constexpr int count = 60;
  for (int i = 0; i < count; ++i) add_claimant("a" + std::to_string(i) + "@example.org");
  pass(mail_jitter);
  std::mutex mutex;
  std::multiset<std::string> recipients;
  base::SystemRandom system;
  const auto note = [&](const Mail& mail, const std::stop_token&) -> Sent {
    const std::lock_guard lock(mutex);
    recipients.insert(mail.to);
    return {};
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        Mailer(*store, {.public_url = "https://id.example"}, note, system, clock).send_due();
      });
    }
  }
  EXPECT_EQ(recipients.size(), static_cast<std::size_t>(count));
  EXPECT_EQ(std::set(recipients.begin(), recipients.end()).size(), recipients.size());
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(MailerFailureTest, AnAccountThatIsDeletedMeanwhileGetsNoSecondAttempt) {
  const auto user = add_claimant(address);
  pass(mail_jitter);
  send_failing(Kind::postponed);
  erase(user.id);
  pass(seconds(30));
  EXPECT_TRUE(deliver().empty());
  EXPECT_EQ(jobs(), 0U);
}

}  // namespace
}  // namespace vestibule::accounts
