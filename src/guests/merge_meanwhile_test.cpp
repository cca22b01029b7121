#include <gtest/gtest.h>

#include "accounts/emails.h"
#include "guests/merge_operator.h"
#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

// README.md, "While a merge is open": what else may happen to the two, and what comes of it.
class Meanwhile : public testing::Test {
 protected:
  Meanwhile()
      : world({holder("shop")}),
        account(world.account()),
        other(world.account("other@example.org")),
        guest(world.guest()),
        merge(world.request_merge(guest.user.id, account.user.id).value()) {}

  /// Whatever happened: the merge goes on and has its effect once.
  void expect_it_completes() {
    EXPECT_TRUE(world.merge(merge.id)->is_open());
    EXPECT_EQ(world.find(guest.user.id)->standing(), accounts::Standing::merging);
    EXPECT_EQ(world.acknowledge(merge.id, "shop").value().state, MergeState::done);
    EXPECT_FALSE(world.find(guest.user.id));
    EXPECT_TRUE(world.find(account.user.id));
    world.read([&](store::Transaction& tx) {
      EXPECT_EQ(find_alias(tx, "shop", merge.source_subject), merge.target_subject);
    });
  }
  std::string reason_of(base::UserId source, base::UserId target) {
    const auto result = world.request_merge(source, target);
    return result ? "" : std::string(result.error().reason);
  }
  void set_state(base::UserId id, accounts::UserState state) {
    world.write([&](store::Transaction& tx) {
      auto user = accounts::find_user(tx, id).value();
      user.state = state;
      ASSERT_TRUE(accounts::update_user(tx, user, world.now()));
    });
  }

  World world;
  decltype(world.account()) account;
  decltype(world.account()) other;
  Provisioned guest;
  Merge merge;
};

TEST_F(Meanwhile, the_same_sign_in_again_is_the_same_merge) {
  EXPECT_EQ(world.request_merge(guest.user.id, account.user.id).value().id, merge.id);
  expect_it_completes();
  const auto again = world.request_merge(guest.user.id, account.user.id).value();
  EXPECT_EQ(again.id, merge.id);
  EXPECT_EQ(again.state, MergeState::done);
}

TEST_F(Meanwhile, a_sign_in_to_another_account_merges_nothing) {
  EXPECT_EQ(reason_of(guest.user.id, other.user.id), "merging");
  expect_it_completes();
  EXPECT_EQ(reason_of(guest.user.id, other.user.id), "guest_gone");
}

TEST_F(Meanwhile, the_guests_cookie_on_another_device_is_dead) {
  EXPECT_FALSE(world.find_session(guest.session->id));
  EXPECT_EQ(world.provision(guest.session->id).error().reason, "ticket_used");
  expect_it_completes();
}

TEST_F(Meanwhile, a_sign_out_of_the_account_does_not_matter) {
  world.write(
      [&](store::Transaction& tx) { world.sessions->end(tx, account.session.id, world.now()); });
  expect_it_completes();
}

TEST_F(Meanwhile, a_new_password_of_the_account_does_not_matter) {
  world.write([&](store::Transaction& tx) {
    accounts::change_standing(tx, *world.sessions, account.user.id, world.now());
  });
  EXPECT_FALSE(world.find_session(account.session.id));
  expect_it_completes();
}

TEST_F(Meanwhile, an_upgrade_of_the_guest_is_refused) {
  EXPECT_EQ(world.upgrade(guest).error().reason, "merging");
  expect_it_completes();
  EXPECT_EQ(world.upgrade(guest).error().reason, "guest_gone");
}

TEST_F(Meanwhile, erasing_the_guest_is_refused) {
  EXPECT_EQ(world.erase(guest.user.id, EraseReason::self).error().reason, "merging");
  expect_it_completes();
}

TEST_F(Meanwhile, the_purge_spares_the_guest) {
  world.clock.advance(24h * 365);
  EXPECT_EQ(world.purge(), 0);
  expect_it_completes();
}

TEST_F(Meanwhile, a_deactivated_account_still_gets_what_is_its) {
  set_state(account.user.id, accounts::UserState::inactive);
  EXPECT_EQ(reason_of(world.guest().user.id, account.user.id), "target_unusable");
  expect_it_completes();
}

TEST_F(Meanwhile, deleting_the_account_waits_for_the_end) {
  EXPECT_EQ(world.erase(account.user.id, EraseReason::deleted).error().reason, "merging");
  expect_it_completes();
  EXPECT_TRUE(world.erase(account.user.id, EraseReason::deleted));
}

TEST_F(Meanwhile, another_guest_may_come_to_the_same_account) {
  const auto second = world.guest();
  const auto more = world.request_merge(second.user.id, account.user.id).value();
  EXPECT_NE(more.id, merge.id);
  EXPECT_EQ(world.acknowledge(more.id, "shop").value().state, MergeState::done);
  EXPECT_TRUE(world.find(guest.user.id));
  expect_it_completes();
}

TEST_F(Meanwhile, a_merging_guest_is_no_target) {
  EXPECT_EQ(reason_of(world.guest().user.id, guest.user.id), "target_unusable");
  expect_it_completes();
}

TEST_F(Meanwhile, the_account_does_not_become_a_source) {
  const auto result = world.request_merge(account.user.id, other.user.id, account.session.id);
  EXPECT_EQ(result.error().reason, "merging");
  expect_it_completes();
  EXPECT_TRUE(world.request_merge(account.user.id, other.user.id, account.session.id))
      << "afterwards it may";
}

TEST_F(Meanwhile, an_upgrade_elsewhere_does_not_take_the_guest_away) {
  EXPECT_FALSE(world.write([&](store::Transaction& tx) {
    return world.guests->note_upgrade(tx, {.user = guest.user.id}, world.now());
  }));
  expect_it_completes();
}

TEST_F(Meanwhile, a_restart_changes_nothing) {
  world.reopen();
  expect_it_completes();
}

// design.md section 4: a guest's contact, address and payment data never overwrite the account's.
TEST(MergeOfProfiles, leaves_the_account_as_it_was) {
  World world({holder("shop")});
  const auto account = world.account("ada@example.org");
  const auto fresh = world.account("typo@example.org");
  world.write([&](store::Transaction& tx) {
    auto source = accounts::find_user(tx, fresh.user.id).value();
    source.given_name = "Mallory";
    source.family_name = "Other";
    ASSERT_TRUE(accounts::update_user(tx, source, world.now()));
    accounts::set_metadata(tx, source.id, "address", "Elsewhere 1", world.now());
    accounts::set_metadata(tx, account.user.id, "address", "Home 1", world.now());
  });
  const auto before = world.find(account.user.id).value();
  const auto merge = world.request_merge(fresh.user.id, account.user.id, fresh.session.id).value();
  ASSERT_TRUE(world.acknowledge(merge.id, "shop"));
  const auto after = world.find(account.user.id).value();
  EXPECT_EQ(after.given_name, before.given_name);
  EXPECT_EQ(after.family_name, before.family_name);
  EXPECT_EQ(after.email, before.email);
  EXPECT_EQ(after.username, before.username);
  EXPECT_EQ(after.changed_at, before.changed_at);
  EXPECT_EQ(after.state, before.state);
  world.read([&](store::Transaction& tx) {
    const auto metadata = accounts::list_metadata(tx, account.user.id);
    ASSERT_EQ(metadata.size(), 1u);
    EXPECT_EQ(metadata[0].value, "Home 1");
  });
}

}  // namespace
}  // namespace vestibule::guests
