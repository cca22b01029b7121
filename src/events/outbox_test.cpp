#include "events/outbox.h"

#include <gtest/gtest.h>

#include "events/audit.h"
#include "events/deliveries.h"
#include "events/delivery_log.h"
#include "events/testing.h"
#include "store/testing.h"

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;

class OutboxTest : public testing::Test {
 protected:
  void add(const Outbox& outbox, std::string_view type, std::int64_t user = 1) {
    store->write([&](store::Transaction& tx) {
      outbox.add(tx, type, base::UserId{user}, {{"sub", std::to_string(user)}}, clock.now());
    });
  }
  std::vector<Delivery> due(std::string_view name) {
    return store->read(
        [&](store::Transaction& tx) { return list_due(tx, name, clock.now(), 100); });
  }
  DeliveryState fail(const Delivery& delivery, RetryPolicy policy = {}) {
    return store->write([&](store::Transaction& tx) {
      return note_failure(tx, delivery, "status 500", policy, random, clock.now());
    });
  }

  std::unique_ptr<store::Store> store = store::open_temporary();
  base::FakeClock clock;
  base::FakeRandom random;
};

TEST_F(OutboxTest, has_a_row_for_each_application_that_wants_the_type) {
  auto all = application("all");
  auto some = application("some");
  some.types = {"guest.purged"};
  auto pulls = application("pulls");
  pulls.webhook_url.clear();
  int woken = 0;
  const Outbox outbox({all, some, pulls}, [&] { ++woken; });
  add(outbox, guest_provisioned);
  EXPECT_EQ(due("all").size(), 1u);
  EXPECT_TRUE(due("some").empty());
  EXPECT_TRUE(due("pulls").empty());
  add(outbox, guest_purged, 2);
  EXPECT_EQ(due("some").size(), 1u);
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(due("some")[0].payload, R"({"type":"guest.purged","timestamp":")" +
                                        base::to_rfc3339(clock.now()) + R"(","data":{"sub":"2"}})");
}

TEST_F(OutboxTest, asks_holders_for_merges_and_nobody_else) {
  auto holder = application("holder");
  holder.types = {"guest.purged"};
  auto none = application("none");
  none.data = Application::Data::none;
  auto pulls = application("pulls");
  pulls.webhook_url.clear();
  const Outbox outbox({holder, none, pulls}, {});
  EXPECT_EQ(outbox.holders(), (std::vector<std::string>{"holder", "pulls"}));
  add(outbox, guest_merge_requested);
  EXPECT_EQ(due("holder").size(), 1u);
  EXPECT_TRUE(due("none").empty());
}

TEST_F(OutboxTest, writes_nothing_and_wakes_nobody_if_the_unit_is_rolled_back) {
  int woken = 0;
  const Outbox outbox({application("shop")}, [&] { ++woken; });
  const auto refused = store->write([&](store::Transaction& tx) -> base::Result<void> {
    outbox.add(tx, guest_purged, base::UserId{1}, {}, clock.now());
    return base::fail(base::ErrorKind::conflict, "merging", "no");
  });
  EXPECT_FALSE(refused);
  EXPECT_TRUE(due("shop").empty());
  EXPECT_EQ(woken, 0);
}

TEST_F(OutboxTest, keeps_the_order_of_a_user_and_lets_others_pass) {
  const Outbox outbox({application("shop"), application("other")}, {});
  add(outbox, guest_provisioned, 1);
  add(outbox, guest_upgraded, 1);
  add(outbox, guest_provisioned, 2);
  auto rows = due("shop");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].user.value, 1);
  EXPECT_EQ(rows[1].user.value, 2);
  fail(rows[0]);
  add(outbox, user_deleted, 1);
  EXPECT_EQ(due("shop").size(), 1u) << "all of user 1 waits behind the failed row";
  const auto next =
      store->read([&](store::Transaction& tx) { return find_next_due(tx, "shop", clock.now()); });
  ASSERT_TRUE(next);
  EXPECT_GT(*next, clock.now());
  clock.set(*next);
  rows = due("shop");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].type, guest_provisioned);
  EXPECT_EQ(rows[1].attempts, 1);
  EXPECT_EQ(rows[1].last_error, "status 500");
  EXPECT_EQ(due("other").size(), 2u);
}

TEST_F(OutboxTest, gives_up_after_attempts_and_days_but_never_on_a_merge) {
  const Outbox outbox({application("shop")}, {});
  for (const auto type : {guest_purged, guest_merge_requested}) {
    add(outbox, type);
    int attempts = 0;
    auto state = DeliveryState::waiting;
    const auto start = clock.now();
    while (state == DeliveryState::waiting && attempts < 400) {
      auto row = due("shop").at(0);
      state = fail(row);
      ++attempts;
      clock.advance(1h);
    }
    if (type == guest_purged) {
      EXPECT_EQ(state, DeliveryState::dead);
      EXPECT_GE(attempts, 16);
      EXPECT_GE(clock.now() - start, 72h);
      EXPECT_TRUE(due("shop").empty()) << "a dead row is not sent";
    } else {
      EXPECT_EQ(state, DeliveryState::waiting);
    }
  }
}

TEST_F(OutboxTest, lists_replays_and_forgets_dead_rows) {
  const Outbox outbox({application("shop")}, {});
  add(outbox, guest_purged);
  const RetryPolicy impatient{.min_attempts = 1, .give_up_after = 0ms};
  ASSERT_EQ(fail(due("shop").at(0), impatient), DeliveryState::dead);
  const auto dead = [&] {
    return store->read([&](store::Transaction& tx) {
      return list_deliveries(tx, {.state = DeliveryState::dead}, 10);
    });
  };
  ASSERT_EQ(dead().size(), 1u);
  const auto id = dead()[0].id;
  const auto replayed = [&] {
    return store->write([&](store::Transaction& tx) { return replay(tx, id, clock.now()); });
  };
  EXPECT_TRUE(replayed());
  EXPECT_FALSE(replayed());
  EXPECT_EQ(due("shop").at(0).id, id) << "the same webhook-id as before";
  ASSERT_EQ(fail(due("shop").at(0), impatient), DeliveryState::dead);
  const auto forget = [&] {
    return store->write(
        [&](store::Transaction& tx) { return forget_dead(tx, "shop", clock.now(), 10); });
  };
  EXPECT_EQ(forget(), 0);
  clock.advance(1ms);
  EXPECT_EQ(forget(), 1);
}

TEST_F(OutboxTest, never_gives_an_id_twice) {
  const Outbox outbox({application("shop")}, {});
  add(outbox, guest_purged);
  const auto first = due("shop").at(0);
  store->write(
      [&](store::Transaction& tx) { note_delivered(tx, first, Delivered::deleted, clock.now()); });
  add(outbox, guest_purged);
  EXPECT_GT(due("shop").at(0).id, first.id);
}

TEST_F(OutboxTest, forgets_applications_that_are_no_longer_configured) {
  const Outbox before({application("shop"), application("removed")}, {});
  add(before, guest_purged);
  const Outbox after({application("shop")}, {});
  EXPECT_EQ(
      store->write([&](store::Transaction& tx) { return after.forget_unknown_applications(tx); }),
      1);
  EXPECT_EQ(due("shop").size(), 1u);
  EXPECT_TRUE(due("removed").empty());
}

TEST_F(OutboxTest, tells_nothing_that_is_too_long) {
  const Outbox outbox({application("shop")}, {});
  const auto add_long = [&](std::size_t length) {
    store->write([&](store::Transaction& tx) {
      outbox.add(tx, guest_purged, base::UserId{1}, {{"reason", std::string(length, 'x')}},
                 clock.now());
    });
  };
  EXPECT_THROW(add_long(longest_event), std::length_error);
  EXPECT_TRUE(due("shop").empty());
  add_long(longest_event - 200);
  EXPECT_EQ(due("shop").size(), 1u);
}

TEST_F(OutboxTest, withdraws_only_what_waits_and_wakes_for_what_stood_behind) {
  int woken = 0;
  const Outbox outbox({application("shop")}, [&] { ++woken; });
  add(outbox, guest_merge_requested);
  const auto taken = due("shop").at(0);
  store->write(
      [&](store::Transaction& tx) { note_delivered(tx, taken, Delivered::kept, clock.now()); });
  add(outbox, guest_merge_requested);
  add(outbox, guest_merged);
  woken = 0;
  const auto withdraw = [&] {
    store->write([&](store::Transaction& tx) {
      outbox.withdraw_merge_request(tx, "shop", base::UserId{1});
    });
  };
  withdraw();
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(due("shop").at(0).type, guest_merged);
  withdraw();
  EXPECT_EQ(woken, 1);
  const auto kept = store->read([&](store::Transaction& tx) {
    return list_deliveries(tx, {.state = DeliveryState::delivered}, 10);
  });
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].id, taken.id);
}

TEST_F(OutboxTest, back_off_doubles_to_an_hour_with_jitter_below) {
  base::SystemRandom system;
  const RetryPolicy policy;
  for (int attempt = 1; attempt < 40; ++attempt) {
    const auto full = attempt > 12 ? policy.longest : policy.first * (1 << (attempt - 1));
    for (int i = 0; i < 20; ++i) {
      const auto delay = retry_delay(policy, attempt, system);
      EXPECT_LE(delay, full);
      EXPECT_GE(delay, full / 2);
    }
  }
}

TEST_F(OutboxTest, audit_tells_the_newest_lines_oldest_first_and_forgets_addresses) {
  store->write([&](store::Transaction& tx) {
    for (const auto* type : {"a", "b", "c"}) {
      record(tx, {.type = type, .user = base::UserId{1}, .address = "192.0.2.1", .detail = "x"},
             clock.now());
      clock.advance(1s);
    }
    record(tx, {.type = "other", .user = base::UserId{2}}, clock.now());
  });
  const auto lines =
      store->read([&](store::Transaction& tx) { return history(tx, base::UserId{1}, 2); });
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].type, "b");
  EXPECT_EQ(lines[1].type, "c");
  EXPECT_EQ(lines[1].detail, "x");
  const auto forget = [&](std::int64_t after) {
    return store->write(
        [&](store::Transaction& tx) { return forget_addresses(tx, after, clock.now() - 1s, 100); });
  };
  const auto last = forget(0);
  EXPECT_EQ(last, 2) << "the third is too young";
  EXPECT_EQ(forget(last), last);
  clock.advance(1s);
  EXPECT_EQ(forget(last), 3);
}

}  // namespace
}  // namespace vestibule::events
