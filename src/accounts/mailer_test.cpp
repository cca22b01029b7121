#include "accounts/mailer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounts/mailbox.h"
#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view address = "ada@example.org";

class MailerTest : public testing::Test, public TestWorld {
 protected:
  std::size_t jobs() {
    static const store::Statement count{"test.jobs", "select count(*) from mail_jobs"};
    return read([&](store::Transaction& tx) {
      auto rows = tx.query(count);
      rows.next();
      return static_cast<std::size_t>(rows.integer(0));
    });
  }
};

TEST_F(MailerTest, ARegistrationGetsAProofLinkAfterTheJitter) {
  const auto user = add_claimant("Ada@Example.org");
  EXPECT_EQ(jobs(), 1U);
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].to, "Ada@Example.org");
  EXPECT_EQ(sent[0].sent_at, now());
  EXPECT_THAT(sent[0].body, HasSubstr("https://id.example/ui/proof?token="));
  EXPECT_THAT(sent[0].body, HasSubstr("You can do so until "));
  EXPECT_EQ(jobs(), 0U);
  EXPECT_TRUE(deliver().empty());
}

TEST_F(MailerTest, NothingIsSentBeforeItsTime) {
  bool waited = false;
  for (int i = 0; i < 20; ++i) {
    add_claimant("a" + std::to_string(i) + "@example.org");
    pass(-mail_jitter);
    waited = deliver().empty() || waited;
    (void)deliver();
  }
  EXPECT_TRUE(waited) << "some of twenty are due later than at once";
}

TEST_F(MailerTest, MailToAnUnprovedAddressHasNoWordThatAVisitorTyped) {
  auto user = add_user();
  user.given_name = "Buy at http://evil.example";
  user.display_name = "Win a prize";
  user.nick_name = "spam";
  update(user).value();
  claim(user.id, address);
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0].subject + sent[0].body, Not(HasSubstr("evil")));
  EXPECT_THAT(sent[0].subject + sent[0].body, Not(HasSubstr("prize")));
  EXPECT_THAT(sent[0].subject + sent[0].body, Not(HasSubstr("spam")));
  EXPECT_THAT(sent[0].body, Not(HasSubstr("example.org")));
}

TEST_F(MailerTest, TheOwnerIsToldWithoutALinkThatDoesAnything) {
  add_owner("Ada@Example.org");
  add_claimant(address);
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].to, "Ada@Example.org") << "as its owner spells it";
  EXPECT_TRUE(tokens(sent[0]).empty());
  EXPECT_THAT(sent[0].body, HasSubstr("https://id.example/ui/login\n"));
}

TEST_F(MailerTest, EveryAddressCostsTheSameJob) {
  add_owner(address);
  const auto before = jobs();
  request(MailKind::reset, address);
  request(MailKind::reset, "nobody@example.org");
  add_claimant(address);
  add_claimant("new@example.org");
  EXPECT_EQ(jobs(), before + 4);
}

TEST_F(MailerTest, AResetGoesToTheOwnerAlone) {
  const auto owner = add_owner(address);
  request(MailKind::reset, "ADA@example.org");
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0].body, HasSubstr("https://id.example/ui/reset?token="));
  const auto link =
      read([&](store::Transaction& tx) { return find_link(tx, tokens(sent[0])[0], now()); });
  ASSERT_TRUE(link);
  EXPECT_EQ(link->user, owner.id);
}

TEST_F(MailerTest, AResetForAnUnprovedAddressLeadsToTheProofPage) {
  add_claimant(address);
  (void)deliver();
  request(MailKind::reset, address);
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_THAT(sent[0].body, HasSubstr("/ui/proof?token="));
}

TEST_F(MailerTest, ASignInWithAnUnprovedAddressGetsAProofLink) {
  add_claimant(address);
  (void)deliver();
  request(MailKind::unproved_sign_in, address);
  ASSERT_EQ(deliver().size(), 1U);
  request(MailKind::unproved_sign_in, "nobody@example.org");
  EXPECT_TRUE(deliver().empty());
}

TEST_F(MailerTest, UnknownAddressesGetNothing) {
  request(MailKind::reset, "nobody@example.org");
  request(MailKind::unproved_sign_in, "nobody@example.org");
  EXPECT_TRUE(deliver().empty());
  EXPECT_EQ(jobs(), 0U);
}

TEST_F(MailerTest, AWrongPasswordForAProvedAddressGetsNoMail) {
  add_owner(address);
  request(MailKind::unproved_sign_in, address);
  EXPECT_TRUE(deliver().empty());
}

TEST_F(MailerTest, WhatWasDeletedOrReplacedMeanwhileGetsNothing) {
  const auto deleted = add_claimant(address);
  erase(deleted.id);
  const auto changed = add_claimant("first@example.org");
  claim(changed.id, "second@example.org");
  auto inactive = add_claimant("third@example.org");
  inactive.state = UserState::inactive;
  update(inactive).value();
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].to, "second@example.org");
}

TEST_F(MailerTest, OneRecipientGetsSoManyADay) {
  for (int i = 0; i < 5; ++i) add_claimant(address);
  EXPECT_EQ(deliver(3).size(), 3U);
  EXPECT_EQ(jobs(), 0U) << "what is over the limit is dropped";
  request(MailKind::unproved_sign_in, address);
  EXPECT_TRUE(deliver(3).empty());
  add_claimant("bob@example.org");
  EXPECT_EQ(deliver(3).size(), 1U);
  pass(hours(24));
  request(MailKind::unproved_sign_in, address);
  EXPECT_EQ(deliver(3).size(), 1U);
}

TEST_F(MailerTest, NotesToAnOwnerAreLimitedToo) {
  add_owner(address);
  for (int i = 0; i < 5; ++i) add_claimant(address);
  EXPECT_EQ(deliver(3).size(), 2U) << "one went out for the owner's own proof";
}

TEST_F(MailerTest, AnOwnerIsNeverKeptFromResetting) {
  add_owner(address);
  for (int i = 0; i < 20; ++i) {
    add_claimant(address);
    request(MailKind::reset, address);
  }
  std::size_t resets = 0;
  for (const auto& mail : deliver(3)) resets += tokens(mail).size();
  EXPECT_EQ(resets, 1U) << "asking often gives one mail";
  pass(minutes(2));
  request(MailKind::reset, address);
  EXPECT_EQ(deliver(3).size(), 1U) << "and another one later, whatever the limit";
}

TEST_F(MailerTest, SeveralClaimsGetALinkEachAndTheAskersComesFirst) {
  const base::SessionId session{base::Uuid::make(now(), random)};
  const auto asker = add_claimant(address, session);
  for (int i = 0; i < 4; ++i) {
    pass(seconds(1));
    add_claimant(address);
  }
  (void)deliver();
  request(MailKind::unproved_sign_in, address, session);
  const auto sent = deliver();
  ASSERT_EQ(sent.size(), 1U);
  const auto links = tokens(sent[0]);
  ASSERT_EQ(links.size(), 3U);
  EXPECT_THAT(sent[0].body, HasSubstr("Account registered on "));
  const auto first = read([&](store::Transaction& tx) { return find_link(tx, links[0], now()); });
  ASSERT_TRUE(first);
  EXPECT_EQ(first->user, asker.id);
  EXPECT_EQ(first->session, session);
}

TEST_F(MailerTest, TheMailboxKeepsWhatWasSent) {
  add_claimant(address);
  pass(mail_jitter);
  const MailerOptions options{.public_url = "https://id.example"};
  EXPECT_EQ(Mailer(*store, options, mailbox_sender(*store), random, clock).send_due(), 1);
  static const store::Statement select{"test.mailbox",
                                       "select address, subject, body, sent_at from mailbox"};
  read([&](store::Transaction& tx) {
    auto rows = tx.query(select);
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0), address);
    EXPECT_EQ(rows.text(1), "Please confirm your e-mail address");
    EXPECT_THAT(std::string(rows.text(2)), HasSubstr("/ui/proof?token="));
    EXPECT_EQ(rows.time(3), now());
    EXPECT_FALSE(rows.next());
  });
}

}  // namespace
}  // namespace vestibule::accounts
