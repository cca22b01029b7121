#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "events/audit.h"
#include "guests/idempotency.h"
#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

base::Result<Provisioned> provision_by_key(World& world, std::string_view key,
                                           std::string_view body) {
  return world.write([&](store::Transaction& tx) {
    return world.guests->provision(tx, world.authority, KeyRequest{key, body}, world.now());
  });
}

TEST(Provision, makes_a_tagged_guest_with_a_session) {
  World world({holder("shop")});
  const auto made = world.guest();
  EXPECT_EQ(made.freshness, Freshness::created);
  const auto user = world.find(made.user.id).value();
  EXPECT_EQ(user.standing(), accounts::Standing::guest);
  EXPECT_EQ(user.guest_day, accounts::GuestDay::of(world.now()));
  EXPECT_EQ(user.organization, world.authority.organization);
  const auto session = world.find_session(made.session->id).value();
  EXPECT_EQ(session.user, user.id);
  EXPECT_EQ(session.actor, world.authority.service_account);
  EXPECT_FALSE(session.auth_time);
  world.read([&](store::Transaction& tx) {
    const auto metadata = accounts::list_metadata(tx, user.id);
    ASSERT_EQ(metadata.size(), 1u);
    EXPECT_EQ(metadata[0].key, user.guest_day->tag());
    EXPECT_EQ(metadata[0].value, "created");
    const auto history = events::history(tx, user.id, 10);
    ASSERT_EQ(history.size(), 1u);
    EXPECT_EQ(history[0].type, "guest.provisioned");
    EXPECT_EQ(history[0].actor, world.authority.service_account);
    EXPECT_EQ(history[0].client, world.authority.client);
  });
  EXPECT_EQ(world.waiting("shop"), std::vector<std::string>{"guest.provisioned"});
}

TEST(Provision, of_one_ticket_by_sixteen_threads_makes_one_guest) {
  World world;
  const auto ticket = world.new_session_id();
  std::vector<std::optional<Provisioned>> made(16);
  {
    std::vector<std::jthread> threads;
    for (auto& one : made) threads.emplace_back([&] { one = world.provision(ticket).value(); });
  }
  std::set<base::UserId> users;
  int created = 0;
  for (const auto& one : made) {
    users.insert(one->user.id);
    created += one->freshness == Freshness::created ? 1 : 0;
  }
  EXPECT_EQ(users.size(), 1u);
  EXPECT_EQ(created, 1);
  EXPECT_EQ(world.user_count(), 1);
}

TEST(Provision, of_a_used_ticket_leads_to_its_session_for_a_minute) {
  World world;
  const auto made = world.guest();
  world.clock.advance(60s);
  EXPECT_EQ(world.provision(made.session->id).value().user.id, made.user.id);
  world.clock.advance(1ms);
  EXPECT_EQ(world.provision(made.session->id).error().reason, "ticket_used");
}

TEST(Provision, of_a_used_ticket_is_refused_when_the_clock_was_set_back) {
  World world;
  const auto made = world.guest();
  world.clock.advance(-61s);
  EXPECT_EQ(world.provision(made.session->id).error().reason, "ticket_used");
}

TEST(Provision, of_a_ticket_is_refused_after_upgrade_merge_and_erasure) {
  World world({holder("shop")});
  const auto upgraded = world.guest();
  const auto account = world.upgrade(upgraded).value();
  EXPECT_EQ(world.provision(upgraded.session->id).error().reason, "ticket_used");
  EXPECT_EQ(world.provision(account.session.id).error().reason, "ticket_used");

  const auto merging = world.guest();
  ASSERT_TRUE(world.request_merge(merging.user.id, account.user.id));
  EXPECT_EQ(world.provision(merging.session->id).error().reason, "ticket_used");

  const auto erased = world.guest();
  ASSERT_TRUE(world.erase(erased.user.id, EraseReason::self));
  EXPECT_EQ(world.provision(erased.session->id).error().reason, "ticket_used");
  world.reopen();
  EXPECT_EQ(world.provision(erased.session->id).error().reason, "ticket_used");
}

TEST(Provision, by_key_is_repeatable) {
  World world;
  const auto first = provision_by_key(world, "key-1", "{}").value();
  const auto again = provision_by_key(world, "key-1", "{}").value();
  EXPECT_EQ(again.user.id, first.user.id);
  EXPECT_EQ(first.freshness, Freshness::created);
  EXPECT_EQ(again.freshness, Freshness::existing);
  EXPECT_FALSE(first.session);
  EXPECT_NE(provision_by_key(world, "key-2", "{}").value().user.id, first.user.id);
}

TEST(Provision, by_key_refuses_another_body) {
  World world;
  ASSERT_TRUE(provision_by_key(world, "key", "{}"));
  const auto refused = provision_by_key(world, "key", "{ }");
  EXPECT_EQ(refused.error().reason, "key_reused");
  EXPECT_EQ(refused.error().kind, base::ErrorKind::invalid);
  EXPECT_EQ(world.user_count(), 1);
}

TEST(Provision, keys_belong_to_their_caller) {
  World world;
  const auto mine = provision_by_key(world, "key", "{}").value();
  world.authority.service_account = base::UserId{12};
  const auto theirs = provision_by_key(world, "key", "{\"another\":1}").value();
  EXPECT_NE(mine.user.id, theirs.user.id);
}

TEST(Provision, by_key_never_leads_to_an_account_or_a_deleted_user) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto made = provision_by_key(world, "key", "{}").value();
  ASSERT_TRUE(world.request_merge(made.user.id, account.user.id));
  EXPECT_EQ(provision_by_key(world, "key", "{}").error().reason, "not_a_guest");
  const auto erased = provision_by_key(world, "other", "{}").value();
  ASSERT_TRUE(world.erase(erased.user.id, EraseReason::deleted));
  EXPECT_EQ(provision_by_key(world, "other", "{}").error().reason, "guest_gone");
}

TEST(Provision, keys_are_forgotten_after_a_day) {
  World world;
  const auto first = provision_by_key(world, "key", "{}").value();
  world.clock.advance(24h - 1ms);
  EXPECT_EQ(provision_by_key(world, "key", "{}").value().user.id, first.user.id);
  world.clock.advance(1ms);
  const auto second = provision_by_key(world, "key", "other").value();
  EXPECT_NE(second.user.id, first.user.id);
  world.clock.advance(24h);
  EXPECT_EQ(world.write([&](store::Transaction& tx) {
    return forget_idempotency_keys(tx, world.now(), 10);
  }),
            1);
}

}  // namespace
}  // namespace vestibule::guests
