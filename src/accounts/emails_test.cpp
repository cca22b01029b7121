#include "accounts/emails.h"

#include <gtest/gtest.h>

#include "accounts/passwords.h"
#include "accounts/service_accounts.h"
#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::string_view address = "ada@example.org";

class EmailsTest : public testing::Test, public TestWorld {
 protected:
  std::optional<MailLink> look(std::string_view token) {
    return read([&](store::Transaction& tx) { return find_link(tx, token, now()); });
  }
  template <class T>
  static std::string_view reason(const base::Result<T>& result) {
    return result ? "accepted" : result.error().reason;
  }
};

TEST_F(EmailsTest, AClaimIsNoLoginName) {
  const auto user = add_claimant("Ada@Example.org");
  EXPECT_EQ(user.email, "Ada@Example.org");
  EXPECT_EQ(user.email_state, EmailState::unproved);
  EXPECT_FALSE(user.email_verified());
  EXPECT_FALSE(sign_in_name(address));
}

TEST_F(EmailsTest, ProofGivesTheLoginNameAndEndsOlderSessions) {
  const auto user = add_claimant("Ada@Example.org");
  const auto session = add_session(user.id);
  const auto link = token();
  ASSERT_TRUE(look(link));
  EXPECT_EQ(look(link)->address, "Ada@Example.org");
  EXPECT_EQ(look(link)->purpose, LinkPurpose::proof);
  EXPECT_FALSE(sign_in_name(address)) << "looking changes nothing";
  EXPECT_TRUE(is_alive(session));
  const auto proved = prove(link);
  ASSERT_TRUE(proved);
  EXPECT_EQ(proved->id, user.id);
  EXPECT_EQ(proved->subject(), user.subject());
  EXPECT_EQ(proved->email_state, EmailState::proved);
  EXPECT_EQ(load(user.id)->email, "Ada@Example.org");
  EXPECT_EQ(load(user.id)->valid_after, now());
  EXPECT_EQ(sign_in_name("ADA@example.org"), user.id);
  EXPECT_FALSE(is_alive(session));
}

TEST_F(EmailsTest, ALinkWorksOnceAndNotForEver) {
  add_claimant(address);
  const auto link = token();
  ASSERT_TRUE(prove(link));
  EXPECT_EQ(reason(prove(link)), "link_gone");
  EXPECT_FALSE(look(link));
  add_claimant("bob@example.org");
  const auto late = token();
  pass(proof_link_life);
  EXPECT_EQ(reason(prove(late)), "link_gone");
  EXPECT_EQ(reason(reset(late)), "link_gone");
  EXPECT_EQ(reason(prove("")), "link_gone");
  EXPECT_EQ(reason(prove("x")), "link_gone");
}

TEST_F(EmailsTest, ALinkOfADeletedUserIsGone) {
  const auto user = add_claimant(address);
  const auto link = token();
  erase(user.id);
  EXPECT_EQ(reason(prove(link)), "link_gone");
}

TEST_F(EmailsTest, ProofTakesTheAddressFromTheOthersWhoClaimedIt) {
  const auto first = add_claimant(address);
  const auto first_link = token();
  const auto second = add_claimant(address);
  const auto second_link = token();
  ASSERT_TRUE(prove(second_link));
  EXPECT_EQ(sign_in_name(address), second.id);
  const auto loser = load(first.id).value();
  EXPECT_FALSE(loser.email);
  EXPECT_EQ(loser.email_state, EmailState::none);
  EXPECT_EQ(loser.sequence, first.sequence + 1);
  EXPECT_EQ(reason(prove(first_link)), "link_gone");
  EXPECT_EQ(reason(reset(first_link)), "link_gone");
}

TEST_F(EmailsTest, WhoProvedFirstKeepsTheAddress) {
  add_claimant(address);
  const auto first_link = token();
  const auto second = add_claimant(address);
  const auto second_link = token();
  ASSERT_TRUE(prove(first_link));
  claim(second.id, address);  // claims it again, and still has no link
  EXPECT_EQ(reason(prove(second_link)), "link_gone");
  EXPECT_EQ(load(second.id)->email_state, EmailState::unproved);
}

TEST_F(EmailsTest, AnotherClaimOfOnesOwnReplacesTheFirst) {
  const auto user = add_claimant("tpyo@example.org");
  const auto wrong = token();
  claim(user.id, address);
  EXPECT_EQ(reason(prove(wrong)), "link_gone");
  ASSERT_TRUE(prove(token()));
  EXPECT_EQ(sign_in_name(address), user.id);
}

TEST_F(EmailsTest, ClaimingOnesOwnProvedAddressChangesNothing) {
  const auto owner = add_owner(address);
  claim(owner.id, "ADA@example.org");
  EXPECT_EQ(load(owner.id)->email_state, EmailState::proved);
  EXPECT_TRUE(deliver().empty());
}

TEST_F(EmailsTest, ANewAddressTakesOverOnlyWhenProved) {
  const auto owner = add_owner(address);
  claim(owner.id, "new@example.org");
  EXPECT_EQ(sign_in_name(address), owner.id);
  EXPECT_FALSE(sign_in_name("new@example.org"));
  ASSERT_TRUE(prove(token()));
  EXPECT_EQ(sign_in_name("new@example.org"), owner.id);
  EXPECT_FALSE(sign_in_name(address));
}

TEST_F(EmailsTest, NeverProvedAddressesAreForgotten) {
  const auto claimant = add_claimant(address);
  (void)deliver();
  const auto owner = add_owner("bob@example.org");
  claim(owner.id, "bobs-new@example.org");
  pass(hours(1));
  const auto recent = add_claimant("recent@example.org");
  pass(unproved_memory);
  const auto forget = [&](int limit) {
    return write([&](store::Transaction& tx) {
      return forget_unproved_claims(tx, now() - unproved_memory, limit, now());
    });
  };
  EXPECT_EQ(forget(1), 1);
  EXPECT_EQ(forget(10), 1);
  EXPECT_EQ(forget(10), 0);
  EXPECT_FALSE(load(claimant.id)->email);
  EXPECT_EQ(load(claimant.id)->email_state, EmailState::none);
  EXPECT_EQ(load(owner.id)->email, "bob@example.org") << "gets back what it proved";
  EXPECT_EQ(load(owner.id)->email_state, EmailState::proved);
  EXPECT_EQ(load(recent.id)->email, "recent@example.org");
}

// Assertions by a privileged caller.

TEST_F(EmailsTest, AnAssertedAddressIsALoginNameWhileItIsTheOnlyOne) {
  const auto first = add_asserted("Ada@Example.org");
  EXPECT_EQ(sign_in_name(address), first.id);
  add_asserted(std::string(address));
  EXPECT_FALSE(sign_in_name(address)) << "two users: nobody's";
}

TEST_F(EmailsTest, AnAssertionNeverDisplacesTheOwner) {
  const auto owner = add_owner(address);
  const auto other = add_asserted(std::string(address));
  EXPECT_EQ(sign_in_name(address), owner.id);
  EXPECT_EQ(load(other.id)->email, address) << "the same e-mail may stand on several users";
  EXPECT_EQ(load(owner.id)->email_state, EmailState::proved);
}

TEST_F(EmailsTest, AUserNameLeadsOnlyWhileNobodyHasProvedTheAddress) {
  auto squatter = fresh_user();
  squatter.username = std::string(address);
  insert(squatter).value();
  EXPECT_EQ(sign_in_name(address), squatter.id);
  add_asserted(std::string(address));
  EXPECT_EQ(sign_in_name(address), squatter.id) << "an assertion takes nothing";
  const auto owner = add_owner(address);
  EXPECT_EQ(sign_in_name(address), owner.id);
}

TEST_F(EmailsTest, ALinkToAnAssertedAddressYieldsToAProof) {
  const auto asserted = add_asserted(std::string(address));
  request(MailKind::reset, address);
  const auto link = token();
  EXPECT_EQ(look(link)->user, asserted.id);
  const auto owner = add_owner(address);
  EXPECT_EQ(reason(reset(link)), "address_taken");
  EXPECT_EQ(sign_in_name(address), owner.id);
}

TEST_F(EmailsTest, ResettingAnAssertedAddressProvesIt) {
  const auto user = add_asserted(std::string(address));
  request(MailKind::reset, address);
  ASSERT_TRUE(reset(token()));
  EXPECT_EQ(load(user.id)->email_state, EmailState::proved);
  add_asserted(std::string(address));
  EXPECT_EQ(sign_in_name(address), user.id);
}

TEST_F(EmailsTest, AnAssertionNeverDropsAClaimOfAnotherUser) {
  const auto claimant = add_claimant(address);
  const auto link = token();
  add_asserted(std::string(address));
  EXPECT_EQ(load(claimant.id)->email_state, EmailState::unproved);
  ASSERT_TRUE(prove(link));
  EXPECT_EQ(sign_in_name(address), claimant.id);
}

TEST_F(EmailsTest, AssertingTheProvedAddressAgainKeepsTheProof) {
  auto owner = add_owner(address);
  for (const auto state : {EmailState::asserted, EmailState::unproved}) {
    write([&](store::Transaction& tx) {
      assert_email(tx, owner, "ADA@example.org", state, now());
      return update_user(tx, owner, now());
    }).value();
    EXPECT_EQ(load(owner.id)->email_state, EmailState::proved);
    EXPECT_EQ(load(owner.id)->email, "ADA@example.org");
  }
}

TEST_F(EmailsTest, AnotherAddressByAPrivilegedCallerReleasesTheOldOne) {
  auto owner = add_owner(address);
  request(MailKind::reset, address);
  const auto link = token();
  write([&](store::Transaction& tx) {
    assert_email(tx, owner, "new@example.org", EmailState::asserted, now());
    return update_user(tx, owner, now());
  }).value();
  EXPECT_FALSE(sign_in_name(address));
  EXPECT_EQ(sign_in_name("new@example.org"), owner.id);
  EXPECT_EQ(reason(reset(link)), "link_gone");
  write([&](store::Transaction& tx) {
    assert_email(tx, owner, "", EmailState::none, now());
    return update_user(tx, owner, now());
  }).value();
  EXPECT_FALSE(load(owner.id)->email);
  EXPECT_FALSE(sign_in_name("new@example.org"));
}

TEST_F(EmailsTest, NobodyCanAssertAProof) {
  auto user = add_user();
  EXPECT_THROW(write([&](store::Transaction& tx) {
                 assert_email(tx, user, address, EmailState::proved, now());
               }),
               std::logic_error);
}

TEST_F(EmailsTest, GuestsAndMergingUsersCannotUseALink) {
  const auto user = add_claimant(address);
  const auto link = token();
  static const store::Statement begin_merge{"test.merge",
                                            "update users set merge_id = $2 where id = $1"};
  write([&](store::Transaction& tx) { tx.execute(begin_merge, user.id, 5); });
  EXPECT_EQ(reason(prove(link)), "merging");
  EXPECT_EQ(reason(reset(link)), "merging");
  write([&](store::Transaction& tx) { tx.execute(begin_merge, user.id, nullptr); });
  EXPECT_TRUE(prove(link)) << "a refusal does not use the link up";

  auto guest = add_guest();
  write([&](store::Transaction& tx) {
    assert_email(tx, guest, "guest@temp.local", EmailState::unproved, now());
    return update_user(tx, guest, now());
  }).value();
  request(MailKind::unproved_sign_in, "guest@temp.local");
  EXPECT_TRUE(deliver().empty());
}

// Reset.

TEST_F(EmailsTest, ResetSetsThePasswordAndEndsEverythingOlder) {
  const auto owner = add_owner(address);
  const auto session = add_session(owner.id);
  base::Secret personal;
  write([&](store::Transaction& tx) {
    set_password_hash(tx, owner.id, "$old", now());
    personal = add_personal_token(tx, owner.id, now() + hours(1), 1, random, now()).token;
  });
  request(MailKind::reset, address);
  const auto link = token();
  EXPECT_EQ(look(link)->purpose, LinkPurpose::reset);
  EXPECT_EQ(reason(prove(link)), "link_gone") << "not a proof link";
  ASSERT_TRUE(look(link)) << "and not used up by the wrong page";
  const auto done = reset(link, "$new");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->id, owner.id);
  EXPECT_EQ(done->password_changed_at, now());
  EXPECT_FALSE(is_alive(session));
  read([&](store::Transaction& tx) {
    EXPECT_EQ(find_password_hash(tx, owner.id), "$new");
    EXPECT_FALSE(authenticate_personal_token(tx, personal.reveal(), now()));
  });
  EXPECT_EQ(reason(reset(link)), "link_gone");
}

TEST_F(EmailsTest, AResetLinkLivesAnHour) {
  add_owner(address);
  request(MailKind::reset, address);
  const auto link = token();
  pass(reset_link_life - milliseconds(1));
  EXPECT_TRUE(look(link));
  pass(milliseconds(1));
  EXPECT_FALSE(look(link));
  EXPECT_EQ(reason(reset(link)), "link_gone");
}

TEST_F(EmailsTest, AProofLinkOpenedElsewhereSetsANewCredential) {
  const auto user = add_claimant(address);
  write([&](store::Transaction& tx) { set_password_hash(tx, user.id, "$old", now()); });
  ASSERT_TRUE(reset(token(), "$owner"));
  EXPECT_EQ(sign_in_name(address), user.id);
  read([&](store::Transaction& tx) { EXPECT_EQ(find_password_hash(tx, user.id), "$owner"); });
}

TEST_F(EmailsTest, ExpiredMailRowsAreDeleted) {
  add_claimant(address);
  (void)token();
  const auto clean = [&] {
    return write([&](store::Transaction& tx) { return delete_expired_mail(tx, now(), 10); });
  };
  EXPECT_EQ(clean(), 0);
  pass(hours(24));
  EXPECT_EQ(clean(), 2) << "the link and the line of the log";
}

// The pre-hijacking attacks (Sudhodanan and Paverd, 2022): somebody makes an account with the
// victim's address before the victim comes.

class PreHijackingTest : public EmailsTest {
 protected:
  // The attacker's account claims the victim's address and has a password and a session.
  User attackers = add_claimant(address);
  sessions::Session attackers_session = add_session(attackers.id);

  void SetUp() override {
    write([&](store::Transaction& tx) { set_password_hash(tx, attackers.id, "$evil", now()); });
  }
  std::optional<std::string> password(base::UserId id) {
    return read([&](store::Transaction& tx) { return find_password_hash(tx, id); });
  }
};

TEST_F(PreHijackingTest, TheVictimRegistersAndIsNotMixedWithTheAttacker) {
  (void)deliver();
  const auto victim = add_claimant(address);
  ASSERT_TRUE(prove(token()));
  EXPECT_EQ(sign_in_name(address), victim.id);
  EXPECT_FALSE(load(attackers.id)->email);
}

TEST_F(PreHijackingTest, UnexpiredSession) {
  // The victim recovers the attacker's account through the mailbox.
  (void)deliver();
  request(MailKind::reset, address);
  ASSERT_TRUE(reset(token(), "$victim"));
  EXPECT_FALSE(is_alive(attackers_session));
  EXPECT_TRUE(ended.contains(attackers_session.id));
  EXPECT_EQ(load(attackers.id)->valid_after, now()) << "its tokens are dead too";
  EXPECT_EQ(password(attackers.id), "$victim");
}

TEST_F(PreHijackingTest, TrojanIdentifier) {
  // The attacker leaves another way in: an address of their own, claimed or proved, or a token.
  (void)deliver();
  request(MailKind::reset, address);
  const auto victims_link = token();
  claim(attackers.id, "evil@example.net");
  const auto trojan = token();
  EXPECT_EQ(reason(reset(victims_link)), "link_gone") << "the account is not the victim's any more";
  ASSERT_TRUE(prove(trojan));
  EXPECT_FALSE(sign_in_name(address));
  const auto victim = add_claimant(address);
  ASSERT_TRUE(prove(token()));
  EXPECT_EQ(sign_in_name(address), victim.id);
  EXPECT_EQ(sign_in_name("evil@example.net"), attackers.id);
  EXPECT_NE(victim.id, attackers.id);
}

TEST_F(PreHijackingTest, TrojanProvedAddressIsReleasedByTheVictimsProof) {
  (void)deliver();
  claim(attackers.id, "evil@example.net");
  ASSERT_TRUE(prove(token()));
  claim(attackers.id, address);
  ASSERT_TRUE(reset(token(), "$victim"));
  EXPECT_EQ(sign_in_name(address), attackers.id);
  EXPECT_FALSE(sign_in_name("evil@example.net")) << "no second way in";
  request(MailKind::reset, "evil@example.net");
  EXPECT_TRUE(deliver().empty());
}

TEST_F(PreHijackingTest, UnexpiredEmailChange) {
  // The attacker starts a change to an address of their own and keeps its link.
  (void)deliver();
  request(MailKind::reset, address);
  ASSERT_TRUE(reset(token(), "$victim"));
  claim(attackers.id, "evil@example.net");
  const auto kept = token();
  request(MailKind::reset, address);
  ASSERT_TRUE(reset(token(), "$victim-again"));
  EXPECT_EQ(reason(prove(kept)), "link_gone");
  EXPECT_EQ(reason(reset(kept)), "link_gone");
  EXPECT_EQ(load(attackers.id)->email, address);
  EXPECT_EQ(sign_in_name(address), attackers.id);
}

TEST_F(PreHijackingTest, NonVerifyingProvider) {
  // Somebody vouches for the victim's address on an attacker's user.
  (void)deliver();
  const auto vouched = add_asserted(std::string(address));
  const auto victim = add_claimant(address);
  ASSERT_TRUE(prove(token()));
  EXPECT_EQ(sign_in_name(address), victim.id);
  EXPECT_EQ(load(vouched.id)->email_state, EmailState::asserted);
  request(MailKind::reset, address);
  const auto link = token();
  EXPECT_EQ(look(link)->user, victim.id);
}

TEST_F(PreHijackingTest, ClassicMergeIsNeverDoneByAddress) {
  (void)deliver();
  const auto victim = add_claimant(address);
  ASSERT_TRUE(prove(token()));
  EXPECT_TRUE(load(attackers.id)) << "two users, whatever their addresses say";
  EXPECT_EQ(password(victim.id), std::nullopt);
  EXPECT_EQ(password(attackers.id), "$evil");
}

}  // namespace
}  // namespace vestibule::accounts
