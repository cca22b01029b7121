#include "events/delivery_log.h"

#include <gtest/gtest.h>

#include "events/dispatcher.h"
#include "events/testing.h"
#include "store/testing.h"

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;

class DeliveryLogTest : public testing::Test {
 protected:
  void add(std::string_view type, std::int64_t user) {
    store->write([&](store::Transaction& tx) {
      outbox.add(tx, type, base::UserId{user}, {{"sub", std::to_string(user)}}, clock.now());
    });
    clock.advance(1s);
  }
  /// Delivers what is due, or lets it die.
  void settle(std::string_view application, DeliveryState state) {
    store->write([&](store::Transaction& tx) {
      for (const auto& row : claim_due(tx, application, clock.now(), 30s, 100)) {
        if (state == DeliveryState::delivered) {
          note_delivered(tx, row, Delivered::kept, clock.now());
        } else {
          note_failure(tx, row, "status 500", {.min_attempts = 1, .give_up_after = 0ms}, random,
                       clock.now());
        }
      }
    });
  }
  std::vector<std::int64_t> listed(const DeliveryFilter& filter, int limit = 100) {
    std::vector<std::int64_t> ids;
    store->read([&](store::Transaction& tx) {
      for (const auto& row : list_deliveries(tx, filter, limit)) ids.push_back(row.id.value);
    });
    return ids;
  }
  std::vector<std::int64_t> replayable(const DeliveryFilter& filter, std::int64_t after = 0,
                                       int limit = 100) {
    std::vector<std::int64_t> ids;
    store->read([&](store::Transaction& tx) {
      for (const auto id : list_replayable(tx, filter, base::EventId{after}, limit))
        ids.push_back(id.value);
    });
    return ids;
  }
  bool replay_one(std::int64_t id) {
    return store->write(
        [&](store::Transaction& tx) { return replay(tx, base::EventId{id}, clock.now()); });
  }
  using Ids = std::vector<std::int64_t>;

  std::unique_ptr<store::Store> store = store::open_temporary();
  base::FakeClock clock;
  base::SystemRandom random;
  Outbox outbox{{application("shop"), application("other")}, nullptr};
};

TEST_F(DeliveryLogTest, lists_the_newest_first_by_what_is_asked_for) {
  const auto start = clock.now();
  add(guest_provisioned, 1);  // 1 shop, 2 other
  add(guest_provisioned, 2);  // 3, 4
  settle("shop", DeliveryState::delivered);
  add(guest_purged, 2);  // 5, 6
  settle("shop", DeliveryState::dead);
  EXPECT_EQ(listed({}), (Ids{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(listed({}, 2), (Ids{6, 5}));
  EXPECT_EQ(listed({.application = "shop"}), (Ids{5, 3, 1}));
  EXPECT_EQ(listed({.application = "sho"}), Ids{});
  EXPECT_EQ(listed({.state = DeliveryState::waiting}), (Ids{6, 4, 2}));
  EXPECT_EQ(listed({.state = DeliveryState::dead}), (Ids{5}));
  EXPECT_EQ(listed({.state = DeliveryState::delivered}), (Ids{3, 1}));
  EXPECT_EQ(listed({.user = base::UserId{2}}), (Ids{6, 5, 4, 3}));
  EXPECT_EQ(listed({.since = start + 1s}), (Ids{6, 5, 4, 3}));
  EXPECT_EQ(listed({.since = start + 1s, .until = start + 2s}), (Ids{4, 3}));
  EXPECT_EQ(listed({.application = "shop", .state = DeliveryState::dead, .user = base::UserId{1}}),
            Ids{});
}

TEST_F(DeliveryLogTest, replays_what_does_not_wait_in_its_order) {
  add(guest_provisioned, 1);  // 1
  add(guest_upgraded, 1);     // 3
  settle("shop", DeliveryState::delivered);
  settle("shop", DeliveryState::delivered);
  add(guest_purged, 2);  // 5
  settle("shop", DeliveryState::dead);
  add(guest_purged, 3);  // 7
  EXPECT_EQ(replayable({.application = "shop"}), (Ids{1, 3, 5}));
  EXPECT_EQ(replayable({.application = "shop"}, 1, 1), (Ids{3}));
  EXPECT_EQ(replayable({.application = "shop", .state = DeliveryState::dead}), (Ids{5}));
  EXPECT_FALSE(replay_one(7)) << "it waits anyway";
  EXPECT_FALSE(replay_one(1'000));
  EXPECT_TRUE(replay_one(3));
  EXPECT_TRUE(replay_one(1));
  EXPECT_FALSE(replay_one(1));
  const auto due =
      store->read([&](store::Transaction& tx) { return list_due(tx, "shop", clock.now(), 100); });
  ASSERT_EQ(due.size(), 2u) << "the upgrade waits behind the provisioning again";
  EXPECT_EQ(due[1].id.value, 1);
  EXPECT_EQ(due[1].attempts, 0);
  EXPECT_EQ(due[1].replayed_at, clock.now());
}

TEST_F(DeliveryLogTest, a_replayed_row_lives_another_three_days) {
  add(guest_purged, 1);
  clock.advance(100h);
  const RetryPolicy policy{.min_attempts = 1};
  const auto fail = [&] {
    return store->write([&](store::Transaction& tx) {
      return note_failure(tx, claim_due(tx, "shop", clock.now(), 30s, 1).at(0), "status 500",
                          policy, random, clock.now());
    });
  };
  ASSERT_EQ(fail(), DeliveryState::dead);
  ASSERT_TRUE(replay_one(1));
  EXPECT_EQ(fail(), DeliveryState::waiting);
  clock.advance(72h);
  EXPECT_EQ(fail(), DeliveryState::dead);
}

TEST_F(DeliveryLogTest, forgets_each_kind_by_its_own_age_in_batches) {
  for (int user = 1; user <= 3; ++user) add(guest_purged, user);
  settle("shop", DeliveryState::delivered);
  const auto forget = [&](base::Time before) {
    return store->write(
        [&](store::Transaction& tx) { return forget_delivered(tx, "shop", before, 2); });
  };
  EXPECT_EQ(forget(clock.now()), 0) << "not before: at the moment itself it is kept";
  EXPECT_EQ(forget(clock.now() + 1ms), 2);
  EXPECT_EQ(forget(clock.now() + 1ms), 1);
  EXPECT_EQ(forget(clock.now() + 1ms), 0);
  EXPECT_EQ(listed({}), (Ids{6, 4, 2})) << "what waits for another stays";
}

TEST_F(DeliveryLogTest, knows_since_when_the_oldest_waits) {
  const auto since = [&] {
    return store->read([](store::Transaction& tx) { return find_waiting_since(tx, "shop"); });
  };
  EXPECT_FALSE(since());
  const auto start = clock.now();
  add(guest_purged, 1);
  add(guest_purged, 2);
  EXPECT_EQ(since(), start);
  settle("shop", DeliveryState::dead);
  EXPECT_FALSE(since());
  replay_one(1);
  EXPECT_EQ(since(), clock.now()) << "since the replay, not since the event";
}

}  // namespace
}  // namespace vestibule::events
