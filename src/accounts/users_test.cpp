#include "accounts/users.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "accounts/metadata.h"
#include "accounts/passwords.h"
#include "accounts/service_accounts.h"
#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(GuestDayTest, TagsRoundTrip) {
  using namespace std::chrono;
  const GuestDay day{sys_days{2026y / November / 22d}};
  EXPECT_EQ(day.tag(), "GUEST_26_11_22");
  EXPECT_EQ(GuestDay::from_tag("GUEST_26_11_22"), day);
  EXPECT_EQ(GuestDay::from_number(day.number()), day);
  EXPECT_EQ(GuestDay::of(sys_days{2026y / November / 22d} + hours(23) + minutes(59)), day);
  EXPECT_EQ(GuestDay::from_tag("GUEST_00_02_29")->tag(), "GUEST_00_02_29");
  for (const auto* bad :
       {"", "GUEST_", "GUEST_26_11_2", "GUEST_26_11_222", "GUEST_26_13_01", "GUEST_26_02_29",
        "GUEST_26_11_00", "GUEST_26-11-22", "guest_26_11_22", "GUEST_+6_11_22", "GUEST_ 6_11_22",
        "XGUEST_26_11_2", "GUEST_26_11_22 "}) {
    EXPECT_FALSE(GuestDay::from_tag(bad)) << bad;
  }
}

TEST(UserNamesTest, AreDerivedInOrder) {
  User user{.id = {42}, .organization = {}, .created_at = {}, .changed_at = {}, .active_at = {}};
  EXPECT_EQ(user.subject(), "42");
  EXPECT_EQ(user.preferred_username(), "guest-42");
  EXPECT_EQ(user.full_name(), "");
  user.family_name = "Lovelace";
  EXPECT_EQ(user.full_name(), "Lovelace");
  user.given_name = "Ada";
  EXPECT_EQ(user.full_name(), "Ada Lovelace");
  user.display_name = "Countess";
  EXPECT_EQ(user.full_name(), "Countess");
  user.email = "ada@example.org";
  EXPECT_EQ(user.preferred_username(), "ada@example.org");
  user.username = "ada";
  user.chosen_subject = "own";
  EXPECT_EQ(user.preferred_username(), "ada");
  EXPECT_EQ(user.subject(), "own");
}

class UserIdsTest : public testing::Test, public TestWorld {};

TEST_F(UserIdsTest, AscendEvenIfTheClockJumpsBack) {
  auto last = ids.next(now());
  for (int i = 0; i < 10'000; ++i) {
    if (i % 1000 == 500) pass(-hours(5));
    if (i % 1000 == 0) pass(hours(1));
    const auto next = ids.next(now());
    ASSERT_GT(next, last);
    last = next;
  }
}

TEST_F(UserIdsTest, ManyThreadsNeverGetOneTwice) {
  std::vector<std::vector<base::UserId>> got(4);
  std::vector<std::thread> threads;
  for (auto& mine : got) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) mine.push_back(ids.next(now()));
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<base::UserId> all;
  for (const auto& mine : got) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 20'000U);
}

TEST_F(UserIdsTest, StartAboveEveryUserAndTombstone) {
  const auto living = add_user();
  const auto deleted = add_user();
  erase(deleted.id);
  UserIds restarted;
  restarted.load(*store);
  EXPECT_GT(restarted.next(now() - hours(24)), deleted.id);
  EXPECT_GT(restarted.next(now() - hours(24)), living.id);
}

TEST_F(UserIdsTest, CarryTheirCell) {
  UserIds other(3);
  EXPECT_EQ(base::decompose(other.next(now())).cell, 3U);
  EXPECT_EQ(base::decompose(other.next(now())).time, now());
}

TEST_F(UserIdsTest, KnowWhatTheyMayStillGiveOut) {
  const auto given = ids.next(now());
  EXPECT_TRUE(ids.may_come({given.value + 1}, now()));
  EXPECT_TRUE(ids.may_come(base::compose_user_id({.time = now() + hours(1)}), now()));
  EXPECT_TRUE(ids.may_come(base::compose_user_id({.time = now()}), now()))
      << "taken, perhaps, and not stored yet";
  EXPECT_FALSE(ids.may_come(base::compose_user_id({.time = now() - hours(2)}), now()));
  EXPECT_FALSE(ids.may_come({123456}, now()));
  EXPECT_FALSE(ids.may_come({400747033490623526}, now())) << "one of ZITADEL's";
}

class UsersTest : public testing::Test, public TestWorld {
 protected:
  User chosen(std::string subject) {
    User user = fresh_user();
    user.chosen_subject = std::move(subject);
    return user;
  }
  User named(std::string username) {
    User user = fresh_user();
    user.username = std::move(username);
    return user;
  }
  std::optional<User> by_subject(std::string_view subject) {
    return read([&](store::Transaction& tx) { return find_user_by_subject(tx, subject); });
  }
  std::optional<base::UserId> resolve(std::string_view subject) {
    return read([&](store::Transaction& tx) { return resolve_subject(tx, subject); });
  }
  static std::string_view reason(const base::Result<void>& result) {
    return result ? "accepted" : result.error().reason;
  }
};

TEST_F(UsersTest, KeepsEveryField) {
  User user = fresh_user();
  user.kind = UserKind::machine;
  user.state = UserState::locked;
  user.guest_day = GuestDay::of(now());
  user.merge = base::MergeId{9};
  user.chosen_subject = "own";
  user.username = "Ada";
  user.given_name = "Ada";
  user.family_name = "L";
  user.display_name = "A L";
  user.nick_name = "a";
  user.preferred_language = "en";
  user.gender = 1;
  user.email = "Ada@example.org";
  user.email_state = EmailState::asserted;
  user.phone = "+41";
  user.phone_verified = 1;
  user.sequence = 5;
  user.valid_after = now();
  user.upgraded_at = now();
  user.upgraded_by = base::UserId{8};
  user.password_changed_at = now();
  insert(user).value();
  const auto found = load(user.id).value();
  EXPECT_EQ(found.organization, user.organization);
  EXPECT_EQ(found.kind, user.kind);
  EXPECT_EQ(found.state, user.state);
  EXPECT_EQ(found.guest_day, user.guest_day);
  EXPECT_EQ(found.merge, user.merge);
  EXPECT_EQ(found.standing(), Standing::merging);
  EXPECT_EQ(found.chosen_subject, user.chosen_subject);
  EXPECT_EQ(found.username, user.username);
  EXPECT_EQ(found.given_name, user.given_name);
  EXPECT_EQ(found.family_name, user.family_name);
  EXPECT_EQ(found.display_name, user.display_name);
  EXPECT_EQ(found.nick_name, user.nick_name);
  EXPECT_EQ(found.preferred_language, user.preferred_language);
  EXPECT_EQ(found.gender, user.gender);
  EXPECT_EQ(found.email, user.email);
  EXPECT_TRUE(found.email_verified());
  EXPECT_EQ(found.phone, user.phone);
  EXPECT_EQ(found.phone_verified, user.phone_verified);
  EXPECT_EQ(found.sequence, user.sequence);
  EXPECT_EQ(found.created_at, user.created_at);
  EXPECT_EQ(found.changed_at, user.changed_at);
  EXPECT_EQ(found.active_at, user.active_at);
  EXPECT_EQ(found.valid_after, user.valid_after);
  EXPECT_EQ(found.upgraded_at, user.upgraded_at);
  EXPECT_EQ(found.upgraded_by, user.upgraded_by);
  EXPECT_EQ(found.password_changed_at, user.password_changed_at);
}

TEST_F(UsersTest, AnIdIsNeverInsertedTwice) {
  const auto user = add_user();
  EXPECT_THROW((void)insert(user), store::ConstraintViolation);
}

TEST_F(UsersTest, AreFoundBySubject) {
  const auto plain = add_user();
  const auto own = chosen("own-id-1795359754487");
  insert(own).value();
  EXPECT_EQ(by_subject(base::to_string(plain.id))->id, plain.id);
  EXPECT_EQ(by_subject("own-id-1795359754487")->id, own.id);
  EXPECT_FALSE(by_subject(base::to_string(own.id))) << "its sub is the chosen one alone";
  EXPECT_FALSE(by_subject("OWN-ID-1795359754487")) << "ids compare byte for byte";
  EXPECT_FALSE(by_subject("0" + base::to_string(plain.id)));
  EXPECT_FALSE(by_subject("+" + base::to_string(plain.id)));
  EXPECT_FALSE(by_subject(""));
}

TEST_F(UsersTest, ChosenDecimalsBelowTheGeneratorAreAllowed) {
  const auto user = chosen("400747033490623526");
  ASSERT_TRUE(insert(user));
  EXPECT_EQ(by_subject("400747033490623526")->id, user.id);
  EXPECT_EQ(reason(insert(chosen("400747033490623526"))), "id_taken");
}

TEST_F(UsersTest, ChosenDecimalsThatMayComeAreRefused) {
  const auto later = base::compose_user_id({.time = now() + hours(24 * 365)});
  EXPECT_EQ(reason(insert(chosen(base::to_string(later)))), "id_reserved");
  auto user = fresh_user();
  user.chosen_subject = base::to_string(user.id);
  EXPECT_EQ(reason(insert(user)), "id_reserved");
  user.chosen_subject = base::to_string(base::UserId{user.id.value - 1});
  EXPECT_EQ(reason(insert(user)), "id_reserved") << "perhaps given to a user not stored yet";
  EXPECT_EQ(reason(insert(chosen("9223372036854775807"))), "id_reserved");
  EXPECT_FALSE(load(user.id));
}

TEST_F(UsersTest, AChosenDecimalOfAnotherUserOrATombstoneIsTaken) {
  const auto living = add_user();
  const auto deleted = add_user();
  erase(deleted.id);
  pass(hours(2));
  EXPECT_EQ(reason(insert(chosen(base::to_string(living.id)))), "id_taken");
  EXPECT_EQ(reason(insert(chosen(base::to_string(deleted.id)))), "id_taken");
}

TEST_F(UsersTest, MalformedChosenIdsAreRefused) {
  EXPECT_EQ(reason(insert(chosen(""))), "id_malformed");
  EXPECT_EQ(reason(insert(chosen("a\nb"))), "id_malformed");
  EXPECT_EQ(reason(insert(chosen("\xff"))), "id_malformed");
  EXPECT_EQ(reason(insert(chosen(std::string(201, 'x')))), "id_malformed");
  EXPECT_TRUE(insert(chosen(std::string(200, 'x'))));
}

TEST_F(UsersTest, ADeletedChosenIdIsNeverIssuedAgain) {
  const auto user = chosen("own");
  insert(user).value();
  erase(user.id);
  EXPECT_FALSE(by_subject("own"));
  EXPECT_EQ(resolve("own"), user.id);
  EXPECT_EQ(reason(insert(chosen("own"))), "id_taken");
}

TEST_F(UsersTest, SubjectsResolveToIdsAlsoOfDeletedUsers) {
  const auto user = add_user();
  EXPECT_EQ(resolve(user.subject()), user.id);
  erase(user.id);
  EXPECT_FALSE(by_subject(user.subject()));
  EXPECT_EQ(resolve(user.subject()), user.id);
  EXPECT_FALSE(resolve("1"));
  EXPECT_FALSE(resolve("nobody"));
}

TEST_F(UsersTest, UserNamesAreUniqueWithoutRegardToCase) {
  insert(named("guest_1@temp.local")).value();
  const auto refused = insert(named("GUEST_1@Temp.Local"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::already_exists);
  EXPECT_EQ(refused.error().reason, "username_taken");
  EXPECT_EQ(reason(insert(named("  guest_1@temp.local "))), "username_taken");
}

TEST_F(UsersTest, UserNamesKeepTheirSpelling) {
  const auto user = named("  Sp@x.local ");
  insert(user).value();
  EXPECT_EQ(load(user.id)->username, "  Sp@x.local ");
}

TEST_F(UsersTest, ARefusedInsertLeavesNothing) {
  insert(named("ada")).value();
  auto user = chosen("own");
  user.username = "Ada";
  EXPECT_EQ(reason(insert(user)), "username_taken");
  EXPECT_FALSE(resolve("own"));
  user.username = "bob";
  EXPECT_TRUE(insert(user));
}

TEST_F(UsersTest, UpdatingMovesTheUserName) {
  auto ada = named("ada");
  insert(ada).value();
  insert(named("bob")).value();
  ada.username = "ADA";
  ASSERT_TRUE(update(ada));
  EXPECT_EQ(sign_in_name("ada"), ada.id);
  ada.username = "Bob";
  EXPECT_EQ(reason(update(ada)), "username_taken");
  EXPECT_EQ(load(ada.id)->username, "ADA");
  ada.username = "countess";
  ASSERT_TRUE(update(ada));
  EXPECT_EQ(sign_in_name("countess"), ada.id);
  EXPECT_FALSE(sign_in_name("ada"));
  EXPECT_TRUE(insert(named("ada"))) << "released";
  ada.username.reset();
  ASSERT_TRUE(update(ada));
  EXPECT_FALSE(sign_in_name("countess"));
}

TEST_F(UsersTest, UpdatingCountsAndLeavesStandingAlone) {
  auto user = add_guest();
  pass(milliseconds(5));
  user.given_name = "Ada";
  user.guest_day.reset();
  update(user).value();
  EXPECT_EQ(user.sequence, 2);
  EXPECT_EQ(user.changed_at, now());
  const auto found = load(user.id).value();
  EXPECT_EQ(found.sequence, 2);
  EXPECT_EQ(found.changed_at, now());
  EXPECT_EQ(found.given_name, "Ada");
  EXPECT_TRUE(found.is_guest()) << "only become_account clears the guest day";
}

TEST_F(UsersTest, UpdatingAUserThatIsGoneIsABug) {
  auto user = fresh_user();
  EXPECT_THROW((void)update(user), std::logic_error);
}

TEST_F(UsersTest, BecomesAnAccountWithTheSameSubject) {
  auto user = add_guest();
  const auto subject = user.subject();
  write([&](store::Transaction& tx) { become_account(tx, user, base::UserId{5}, now()); });
  const auto found = load(user.id).value();
  EXPECT_EQ(found.standing(), Standing::account);
  EXPECT_EQ(found.subject(), subject);
  EXPECT_EQ(found.upgraded_at, now());
  EXPECT_EQ(found.upgraded_by, base::UserId{5});
}

TEST_F(UsersTest, AChangeOfStandingKillsOlderTokensAndNeverRevivesThem) {
  const auto user = add_user();
  const auto session = add_session(user.id);
  const auto change = [&] {
    write([&](store::Transaction& tx) { change_standing(tx, sessions, user.id, now()); });
  };
  change();
  const auto first = now();
  EXPECT_EQ(load(user.id)->valid_after, first);
  EXPECT_FALSE(is_alive(session));
  EXPECT_TRUE(ended.contains(session.id));
  pass(-hours(1));
  change();
  EXPECT_EQ(load(user.id)->valid_after, first) << "a clock that jumped back";
}

TEST_F(UsersTest, ActivityIsNotedToAPrecision) {
  const auto user = add_user();
  const auto note = [&] {
    write([&](store::Transaction& tx) { touch(tx, user.id, now(), milliseconds(600'000)); });
    return load(user.id)->active_at;
  };
  const auto start = now();
  pass(milliseconds(600'000));
  EXPECT_EQ(note(), start);
  pass(milliseconds(1));
  EXPECT_EQ(note(), now());
}

TEST_F(UsersTest, DeletionTakesEveryRowAndTheNames) {
  const auto survivor = add_owner("bob@example.org");
  auto owner = add_owner("ada@example.org");
  owner.username = "ada";
  update(owner).value();
  claim(owner.id, "new@example.org");
  request(MailKind::reset, "ada@example.org");
  (void)deliver();
  claim(owner.id, "newer@example.org");
  write([&](store::Transaction& tx) {
    set_metadata(tx, owner.id, "k", "v", now());
    set_metadata(tx, survivor.id, "k", "v", now());
    set_password_hash(tx, owner.id, "$hash", now());
    grant_role(tx, owner.id, Role::administrator);
    add_personal_token(tx, owner.id, now() + hours(1), 1, random, now());
  });
  erase(owner.id);
  EXPECT_FALSE(load(owner.id));
  EXPECT_FALSE(sign_in_name("ada"));
  EXPECT_FALSE(sign_in_name("ada@example.org"));
  EXPECT_EQ(sign_in_name("bob@example.org"), survivor.id);
  static const store::Statement count{
      "test.count",
      "select (select count(*) from user_metadata where user_id = $1) + "
      "(select count(*) from credentials where user_id = $1) + "
      "(select count(*) from directory where user_id = $1) + "
      "(select count(*) from email_claims where user_id = $1) + "
      "(select count(*) from mail_links where user_id = $1) + "
      "(select count(*) from mail_jobs where user_id = $1) + "
      "(select count(*) from service_grants where user_id = $1) + "
      "(select count(*) from personal_tokens where user_id = $1)"};
  const auto rows_of = [&](base::UserId id) {
    return read([&](store::Transaction& tx) {
      auto rows = tx.query(count, id);
      rows.next();
      return rows.integer(0);
    });
  };
  EXPECT_EQ(rows_of(owner.id), 0);
  EXPECT_EQ(rows_of(survivor.id), 2) << "metadata and the proved address";
}

}  // namespace
}  // namespace vestibule::accounts
