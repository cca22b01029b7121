#include <gtest/gtest.h>

#include "accounts/passwords.h"
#include "events/audit.h"
#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

TEST(Upgrade, keeps_the_sub_and_replaces_what_made_a_guest) {
  World world({holder("shop")});
  const auto guest = world.guest();
  world.clock.advance(5min);
  const auto upgraded = world.upgrade(guest).value();
  EXPECT_EQ(upgraded.user.subject(), guest.user.subject());

  const auto user = world.find(guest.user.id).value();
  EXPECT_EQ(user.standing(), accounts::Standing::account);
  EXPECT_EQ(user.given_name, "Ada");
  EXPECT_EQ(user.email, "ada@example.org");
  EXPECT_EQ(user.email_state, accounts::EmailState::unproved);
  EXPECT_EQ(user.valid_after, world.now());
  EXPECT_EQ(user.upgraded_at, world.now());
  world.read([&](store::Transaction& tx) {
    EXPECT_TRUE(accounts::list_metadata(tx, user.id).empty());
    EXPECT_EQ(accounts::find_password_hash(tx, user.id), "$argon2id$test");
    EXPECT_EQ(events::history(tx, user.id, 10).back().type, "guest.upgraded");
  });
  EXPECT_EQ(world.waiting("shop"),
            (std::vector<std::string>{"guest.provisioned", "guest.upgraded"}));
}

TEST(Upgrade, ends_the_old_session_and_begins_one_of_a_person) {
  World world;
  const auto guest = world.guest();
  const auto upgraded = world.upgrade(guest).value();
  EXPECT_FALSE(world.find_session(guest.session->id));
  EXPECT_TRUE(world.ended->contains(guest.session->id));
  const auto session = world.find_session(upgraded.session.id).value();
  EXPECT_EQ(session.user, guest.user.id);
  EXPECT_EQ(session.auth_time, world.now());
  EXPECT_EQ(session.amr, "pwd");
  EXPECT_FALSE(session.actor);
}

TEST(Upgrade, needs_the_living_session_of_that_very_guest) {
  World world;
  const auto guest = world.guest();
  const auto other = world.guest();
  auto request = world.upgrade_request(guest);
  const auto attempt = [&] {
    return world.write(
        [&](store::Transaction& tx) { return world.guests->upgrade(tx, request, world.now()); });
  };
  request.session = other.session->id;
  EXPECT_EQ(attempt().error().reason, "no_session");
  request.session = world.new_session_id();
  EXPECT_EQ(attempt().error().reason, "no_session");

  request.session = guest.session->id;
  world.write([&](store::Transaction& tx) {
    sessions::Session at_provider = *guest.session;
    at_provider.id = world.new_session_id();
    at_provider.kind = sessions::Kind::provider;
    world.sessions->insert(tx, at_provider);
    request.session = at_provider.id;
  });
  EXPECT_EQ(attempt().error().reason, "no_session");

  request.session = guest.session->id;
  world.clock.advance(24h * 30);
  EXPECT_EQ(attempt().error().reason, "no_session");
  EXPECT_TRUE(world.find(guest.user.id)->is_guest());
}

TEST(Upgrade, happens_once) {
  World world;
  const auto guest = world.guest();
  const auto upgraded = world.upgrade(guest).value();
  EXPECT_EQ(world.upgrade(guest, "eve@example.org").error().reason, "no_session");
  Provisioned again{.user = upgraded.user, .session = upgraded.session};
  EXPECT_EQ(world.upgrade(again, "eve@example.org").error().reason, "already_registered");
  EXPECT_EQ(world.find(guest.user.id)->email, "ada@example.org");
}

TEST(Upgrade, does_not_tell_whether_an_address_is_known) {
  World world;
  const auto first = world.account("ada@example.org");
  const auto second = world.upgrade(world.guest(), "ada@example.org");
  ASSERT_TRUE(second);
  EXPECT_NE(second->user.id, first.user.id);
}

TEST(Upgrade, of_a_merging_or_deleted_guest_is_refused) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto merging = world.guest();
  ASSERT_TRUE(world.request_merge(merging.user.id, account.user.id));
  EXPECT_EQ(world.upgrade(merging).error().reason, "merging");
  const auto gone = world.guest();
  ASSERT_TRUE(world.erase(gone.user.id, EraseReason::self));
  EXPECT_EQ(world.upgrade(gone).error().reason, "guest_gone");
}

TEST(Upgrade, that_is_refused_leaves_no_trace) {
  World world;
  const auto guest = world.guest();
  const auto before = world.find(guest.user.id).value();
  auto request = world.upgrade_request(guest);
  request.session = world.new_session_id();
  ASSERT_FALSE(world.write(
      [&](store::Transaction& tx) { return world.guests->upgrade(tx, request, world.now()); }));
  const auto after = world.find(guest.user.id).value();
  EXPECT_EQ(after.sequence, before.sequence);
  EXPECT_FALSE(after.email);
  EXPECT_TRUE(world.find_session(guest.session->id));
  EXPECT_FALSE(world.find_session(request.new_session));
}

}  // namespace
}  // namespace vestibule::guests
