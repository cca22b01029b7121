#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <latch>
#include <thread>

#include "guests/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;
constexpr auto retention = 24h * 30;

TEST(Purge, needs_both_the_day_and_the_activity_to_be_old) {
  World world({holder("shop")});
  const auto day = base::Time{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
  world.clock.set(day + 12h);
  const auto guest = world.guest();
  world.clock.set(day + retention);
  EXPECT_EQ(world.purge(), 0) << "its day is not old enough, nor its activity";
  world.clock.set(day + 12h + retention);
  EXPECT_EQ(world.purge(), 0) << "active exactly at the cutoff";
  world.clock.advance(1ms);
  EXPECT_EQ(world.purge(), 1);
  EXPECT_FALSE(world.find(guest.user.id));
  EXPECT_EQ(world.waiting("shop"), (std::vector<std::string>{"guest.provisioned", "guest.purged"}));
}

TEST(Purge, leaves_nothing_but_the_tombstone_and_the_log) {
  World world;
  const auto guest = world.guest();
  world.clock.advance(retention + 24h);
  ASSERT_EQ(world.purge(), 1);
  EXPECT_FALSE(world.find_session(guest.session->id));
  world.read([&](store::Transaction& tx) {
    EXPECT_TRUE(accounts::list_metadata(tx, guest.user.id).empty());
    EXPECT_EQ(accounts::resolve_subject(tx, guest.user.subject()), guest.user.id);
  });
  world.reopen();
  EXPECT_GT(world.guest().user.id, guest.user.id) << "a sub is never issued twice";
}

TEST(Purge, spares_accounts_merging_guests_and_people_who_came_back) {
  World world({holder("shop")});
  const auto account = world.account();
  const auto merging = world.guest();
  ASSERT_TRUE(world.request_merge(merging.user.id, account.user.id));
  const auto active = world.guest();
  const auto abandoned = world.guest();
  world.clock.advance(retention + 48h);
  world.write(
      [&](store::Transaction& tx) { accounts::touch(tx, active.user.id, world.now(), 0ms); });
  const PurgeGroup group{world.authority.client, world.now() - retention};
  EXPECT_EQ(world.read([&](store::Transaction& tx) { return count_purgeable(tx, group); }), 1);
  EXPECT_EQ(world.purge(), 1);
  EXPECT_TRUE(world.find(account.user.id));
  EXPECT_TRUE(world.find(merging.user.id));
  EXPECT_TRUE(world.find(active.user.id));
  EXPECT_FALSE(world.find(abandoned.user.id));
}

TEST(Purge, works_through_any_number_in_any_page_size) {
  World world;
  for (int i = 0; i < 53; ++i) {
    world.guest();
    if (i % 10 == 9) world.clock.advance(24h);
  }
  world.clock.advance(retention + 24h);
  const auto cutoff = world.now() - retention;
  const PurgeGroup group{world.authority.client, cutoff};
  PurgeCursor cursor;
  int seen = 0;
  for (;;) {
    const auto page =
        world.read([&](store::Transaction& tx) { return find_purgeable(tx, group, cursor, 7); });
    if (page.empty()) break;
    seen += static_cast<int>(page.size());
    EXPECT_EQ(world.write([&](store::Transaction& tx) {
      return world.guests->purge(tx, page, cutoff, world.now());
    }),
              static_cast<int>(page.size()));
  }
  EXPECT_EQ(seen, 53);
  EXPECT_EQ(world.user_count(), 0);
}

TEST(Purge, of_a_candidate_that_registered_meanwhile_does_nothing) {
  World world;
  const auto guest = world.guest();
  world.clock.advance(retention - 1h);
  const auto later = world.now() + 48h;
  const auto cutoff = later - retention;
  const PurgeGroup group{world.authority.client, cutoff};
  PurgeCursor cursor;
  const auto page =
      world.read([&](store::Transaction& tx) { return find_purgeable(tx, group, cursor, 10); });
  ASSERT_EQ(page.size(), 1u);
  ASSERT_TRUE(world.upgrade(guest));
  EXPECT_EQ(world.write([&](store::Transaction& tx) {
    return world.guests->purge(tx, page, cutoff, later);
  }),
            0);
  EXPECT_TRUE(world.find(guest.user.id));
}

TEST(Purge, first_makes_the_upgrade_meet_a_gone_guest) {
  World world;
  const auto guest = world.guest();
  world.clock.advance(retention - 1h);
  EXPECT_EQ(world.purge(-48h), 1);
  EXPECT_EQ(world.upgrade(guest).error().reason, "guest_gone");
}

TEST(Purge, knows_the_application_that_each_guest_came_through) {
  World world;
  const auto make = [&](std::optional<base::ClientId> client) {
    world.authority.client = client.value_or(base::ClientId{});
    return world.guest().user;
  };
  const base::ClientId shop{13};
  const base::ClientId forum{14};
  const auto of_shop = make(shop);
  const auto of_forum = make(forum);
  const auto of_nobody = make({});
  EXPECT_EQ(world.find(of_shop.id)->client, shop);
  EXPECT_EQ(world.find(of_nobody.id)->client, std::nullopt);
  world.read([&](store::Transaction& tx) {
    EXPECT_EQ(list_guest_clients(tx),
              (std::vector<std::optional<base::ClientId>>{std::nullopt, shop, forum}));
    const auto later = world.now() + 48h;
    PurgeCursor cursor;
    EXPECT_EQ(find_purgeable(tx, {forum, later}, cursor, 10), std::vector{of_forum.id});
    EXPECT_EQ(count_purgeable(tx, {std::nullopt, later}), 1);
    EXPECT_EQ(count_purgeable(tx, {base::ClientId{15}, later}), 0);
  });
}

TEST(Purge, keeps_the_application_of_a_customer) {
  World world;
  const auto account = world.account();
  EXPECT_EQ(world.find(account.user.id)->client, world.authority.client);
  world.read([&](store::Transaction& tx) { EXPECT_TRUE(list_guest_clients(tx).empty()); });
}

// Invariant 3: whatever the interleaving, either the upgrade won and the customer is there, or the
// purge won and the upgrade was told so.
TEST(Purge, and_upgrade_at_the_same_instant_never_lose_a_customer) {
  World world;
  constexpr int rounds = 60;
  int upgraded = 0;
  int purged = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto guest = world.guest();
    const auto request = world.upgrade_request(guest, "r" + std::to_string(round) + "@example.org");
    const auto cutoff = world.now() + 48h;
    std::latch ready(2);
    std::optional<base::Result<Upgraded>> upgrade;
    int deleted = 0;
    {
      std::jthread purger([&] {
        ready.arrive_and_wait();
        const std::array candidates{guest.user.id};
        deleted = world.write([&](store::Transaction& tx) {
          return world.guests->purge(tx, candidates, cutoff, world.now());
        });
      });
      std::jthread upgrader([&] {
        ready.arrive_and_wait();
        upgrade = world.write([&](store::Transaction& tx) {
          return world.guests->upgrade(tx, request, world.now());
        });
      });
    }
    if (*upgrade) {
      ++upgraded;
      EXPECT_EQ(deleted, 0);
      ASSERT_TRUE(world.find(guest.user.id));
      EXPECT_EQ(world.find(guest.user.id)->standing(), accounts::Standing::account);
    } else {
      ++purged;
      EXPECT_EQ(deleted, 1);
      EXPECT_EQ(upgrade->error().reason, "guest_gone");
      EXPECT_FALSE(world.find(guest.user.id));
      EXPECT_FALSE(world.find_session(request.new_session));
    }
  }
  EXPECT_EQ(upgraded + purged, rounds);
}

}  // namespace
}  // namespace vestibule::guests
