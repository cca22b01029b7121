#include "events/dispatcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <map>
#include <set>
#include <thread>

#include "events/delivery_log.h"
#include "events/testing.h"
#include "store/testing.h"

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;

class DispatcherTest : public testing::Test {
 protected:
  void use(std::vector<Application> applications, Sender sender = {},
           DispatcherOptions options = {}) {
    outbox = std::make_unique<Outbox>(std::move(applications), [this] {
      if (dispatcher) dispatcher->wake();
    });
    dispatcher = std::make_unique<Dispatcher>(
        *store, *outbox, clock, random, sender ? sender : receiver.sender(),
        [this](store::Transaction&, base::MergeId id, std::string_view name, base::Time) {
          acknowledged.emplace_back(id.value, name);
        },
        with_monitor(std::move(options)));
  }
  DispatcherOptions with_monitor(DispatcherOptions options) {
    options.monitor = &monitor;
    options.on_delivered = [this](store::Transaction&, base::MergeId id, std::string_view name,
                                  base::Time) { arrived.emplace_back(id.value, name); };
    return options;
  }
  std::vector<Delivery> rows(DeliveryState state) {
    return store->read(
        [&](store::Transaction& tx) { return list_deliveries(tx, {.state = state}, 10'000); });
  }
  void add(std::string_view type, std::int64_t user = 1, std::string merge = "9") {
    store->write([&](store::Transaction& tx) {
      outbox->add(tx, type, base::UserId{user},
                  {{"sub", std::to_string(user)}, {"merge_id", merge}}, clock.now());
    });
  }
  std::int64_t waiting(std::string_view name) {
    return store->read(
        [&](store::Transaction& tx) { return count_deliveries(tx, name, DeliveryState::waiting); });
  }
  template <class Condition>
  void eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    ASSERT_TRUE(condition());
  }

  std::unique_ptr<store::Store> store = store::open_temporary();
  base::FakeClock clock;
  base::SystemRandom random;
  Receiver receiver;
  std::unique_ptr<Outbox> outbox;
  std::vector<std::pair<std::int64_t, std::string>> acknowledged;
  std::vector<std::pair<std::int64_t, std::string>> arrived;
  Monitor monitor;
  std::unique_ptr<Dispatcher> dispatcher;
};

TEST_F(DispatcherTest, delivers_and_forgets) {
  use({application("shop")});
  add(guest_provisioned);
  add(guest_purged);
  EXPECT_EQ(dispatcher->deliver_due(), 2);
  EXPECT_EQ(waiting("shop"), 0);
  ASSERT_EQ(receiver.received().size(), 2u);
  EXPECT_NE(receiver.received()[0].body.find("guest.provisioned"), std::string::npos);
  EXPECT_NE(receiver.received()[0].id, receiver.received()[1].id);
}

TEST_F(DispatcherTest, repeats_under_the_same_id_in_order) {
  use({application("shop")});
  receiver.answer(500);
  receiver.answer(302);
  add(guest_provisioned);
  add(guest_upgraded);
  EXPECT_EQ(dispatcher->deliver_due(), 0);
  clock.advance(2s);
  EXPECT_EQ(dispatcher->deliver_due(), 0);
  clock.advance(1h);
  EXPECT_EQ(dispatcher->deliver_due(), 2);
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 4u);
  EXPECT_EQ(received[0].id, received[1].id);
  EXPECT_EQ(received[0].id, received[2].id);
  EXPECT_NE(received[3].body.find("guest.upgraded"), std::string::npos);
}

TEST_F(DispatcherTest, hands_an_acknowledgement_over_once) {
  use({application("shop")});
  receiver.answer(200, R"({"merge_id":"8"})");
  receiver.answer(200, R"({"merge_id":"9"})");
  add(guest_merge_requested);
  dispatcher->deliver_due();
  EXPECT_TRUE(acknowledged.empty());
  EXPECT_EQ(arrived, (std::vector<std::pair<std::int64_t, std::string>>{{9, "shop"}}));
  clock.advance(1h);
  dispatcher->deliver_due();
  clock.advance(1h);
  dispatcher->deliver_due();
  EXPECT_EQ(acknowledged, (std::vector<std::pair<std::int64_t, std::string>>{{9, "shop"}}));
}

TEST_F(DispatcherTest, a_merge_request_that_failed_has_not_arrived) {
  use({application("shop")});
  receiver.answer(500, R"({"merge_id":"9"})");
  receiver.answer(302, R"({"merge_id":"9"})");
  add(guest_merge_requested);
  dispatcher->deliver_due();
  clock.advance(1h);
  dispatcher->deliver_due();
  EXPECT_TRUE(arrived.empty());
  EXPECT_TRUE(acknowledged.empty());
  EXPECT_EQ(waiting("shop"), 1);
}

TEST_F(DispatcherTest, keeps_what_was_delivered_or_deletes_it) {
  use({application("shop")});
  receiver.answer(500);
  add(guest_purged);
  dispatcher->deliver_due();
  clock.advance(1h);
  dispatcher->deliver_due();
  const auto kept = rows(DeliveryState::delivered);
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_EQ(kept[0].delivered_at, clock.now());
  EXPECT_EQ(kept[0].attempts, 2);
  EXPECT_EQ(kept[0].last_error, "");
  use({application("shop")}, {}, {.delivered_rows = Delivered::deleted});
  add(guest_purged);
  EXPECT_EQ(dispatcher->deliver_due(), 1);
  EXPECT_EQ(rows(DeliveryState::delivered).size(), 1u);
}

TEST_F(DispatcherTest, tells_each_attempt_to_whoever_looks_on) {
  use({application("shop")});
  const auto watch = monitor.watch();
  receiver.answer(500);
  receiver.answer(200);
  receiver.answer(200, R"({"merge_id":"9"})");
  add(guest_merge_requested);
  for (int i = 0; i < 3; ++i) {
    dispatcher->deliver_due();
    clock.advance(1h);
  }
  const auto reports = watch->take(0ms).reports;
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[0].outcome, AttemptReport::Outcome::failed);
  EXPECT_EQ(reports[0].detail, "status 500");
  EXPECT_EQ(reports[1].outcome, AttemptReport::Outcome::delivered);
  EXPECT_EQ(reports[1].attempt, 2);
  EXPECT_EQ(reports[2].outcome, AttemptReport::Outcome::acknowledged);
  EXPECT_EQ(reports[2].detail, "");
}

// An application that is down for days: eight rows fail, then one at a time is tried.
TEST_F(DispatcherTest, an_outage_costs_the_rows_that_wait_no_attempts) {
  bool down = true;
  int calls = 0;
  use({application("shop")},
      [&](const Application&, const http::OutgoingRequest&)
          -> std::expected<http::OutgoingResponse, http::OutgoingError> {
        ++calls;
        return http::OutgoingResponse{down ? 503 : 204, {}, {}};
      });
  constexpr int users = 200;
  for (int user = 1; user <= users; ++user) add(guest_purged, user);
  EXPECT_EQ(dispatcher->deliver_due(), 0);
  EXPECT_EQ(calls, 8);
  EXPECT_EQ(dispatcher->deliver_due(), 0);
  EXPECT_EQ(calls, 8) << "the probe is not due yet";
  for (int minute = 0; minute < 4 * 24 * 60; minute += 15) {
    clock.advance(15min);
    const int before = calls;
    dispatcher->deliver_due();
    ASSERT_LE(calls - before, 1);
  }
  EXPECT_GE(calls, 8 + 4 * 24 * 4) << "and yet it is asked all the time";
  EXPECT_TRUE(rows(DeliveryState::dead).empty());
  EXPECT_EQ(waiting("shop"), users);
  ASSERT_TRUE(monitor.circuit("shop"));
  EXPECT_TRUE(monitor.circuit("shop")->next_probe);
  down = false;
  clock.advance(5min);
  EXPECT_EQ(dispatcher->deliver_due(), users) << "nothing waits for its own back-off";
}

TEST_F(DispatcherTest, lanes_probe_one_at_a_time_and_go_on_when_the_application_answers) {
  std::mutex mutex;
  int under_way = 0;
  bool down = true;
  bool opened = false;
  int together = 0;
  use({application("shop")},
      [&](const Application&, const http::OutgoingRequest&)
          -> std::expected<http::OutgoingResponse, http::OutgoingError> {
        const bool open = monitor.circuit("shop")->next_probe.has_value();
        {
          const std::lock_guard lock(mutex);
          ++under_way;
          // Those that left before it opened may still be there at the first probe's time.
          if (opened && open) together = std::max(together, under_way);
        }
        std::this_thread::yield();
        const std::lock_guard lock(mutex);
        --under_way;
        return http::OutgoingResponse{down ? 503 : 204, {}, {}};
      });
  for (int user = 1; user <= 60; ++user) add(guest_purged, user);
  dispatcher->start();
  eventually([&] { return monitor.circuit("shop")->next_probe.has_value(); });
  eventually([&] {
    const std::lock_guard lock(mutex);
    opened = under_way == 0;
    return opened;
  });
  for (int probe = 0; probe < 10; ++probe) {
    const auto before = *monitor.circuit("shop")->next_probe;
    clock.advance(5min);
    eventually([&] {
      dispatcher->wake();
      return *monitor.circuit("shop")->next_probe != before;
    });
  }
  EXPECT_EQ(together, 1);
  EXPECT_EQ(waiting("shop"), 60);
  {
    const std::lock_guard lock(mutex);
    down = false;
  }
  clock.advance(5min);
  eventually([&] {
    dispatcher->wake();
    return waiting("shop") == 0;
  });
  EXPECT_FALSE(monitor.circuit("shop")->next_probe);
}

TEST_F(DispatcherTest, a_merge_that_is_not_acknowledged_opens_no_circuit) {
  use({application("shop")});
  for (int user = 1; user <= 50; ++user) {
    receiver.answer(200, "{}");
    add(guest_merge_requested, user);
  }
  EXPECT_EQ(dispatcher->deliver_due(), 0);
  EXPECT_EQ(receiver.received().size(), 50u);
  EXPECT_FALSE(monitor.circuit("shop") && monitor.circuit("shop")->next_probe);
}

TEST_F(DispatcherTest, gives_leases_back_when_it_stops) {
  std::latch called(1);
  std::latch release(1);
  use({application("shop")},
      [&](const Application&, const http::OutgoingRequest&)
          -> std::expected<http::OutgoingResponse, http::OutgoingError> {
        called.count_down();
        release.wait();
        return http::OutgoingResponse{204, {}, {}};
      },
      {.threads_per_application = 1});
  for (int user = 1; user <= 20; ++user) add(guest_purged, user);
  dispatcher->start();
  called.wait();
  std::thread stopper([&] { dispatcher->stop(); });
  release.count_down();
  stopper.join();
  for (const auto& row : rows(DeliveryState::waiting)) {
    EXPECT_EQ(row.leased_until, base::from_milliseconds(0));
  }
}

TEST_F(DispatcherTest, keeps_the_row_if_the_handler_fails) {
  outbox = std::make_unique<Outbox>(std::vector{application("shop")}, nullptr);
  dispatcher = std::make_unique<Dispatcher>(*store, *outbox, clock, random, receiver.sender(),
                                            [](store::Transaction&, base::MergeId, std::string_view,
                                               base::Time) { throw std::runtime_error("crash"); });
  receiver.answer(200, R"({"merge_id":"9"})");
  add(guest_merge_requested);
  EXPECT_EQ(dispatcher->deliver_due(), 0);
  EXPECT_EQ(waiting("shop"), 1);
  EXPECT_EQ(receiver.received().size(), 1u) << "it waits as after any failure";
}

TEST_F(DispatcherTest, lanes_deliver_all_in_order_per_user) {
  use({application("shop"), application("other")});
  add(guest_provisioned, 1000);  // left by an earlier process
  dispatcher->start();
  constexpr int users = 20;
  constexpr int events = 10;
  for (int event = 0; event < events; ++event) {
    for (int user = 0; user < users; ++user) add(guest_upgraded, user, std::to_string(event));
  }
  eventually([&] { return waiting("shop") == 0 && waiting("other") == 0; });
  dispatcher->stop();
  std::map<std::string, std::vector<std::string>> bodies;  // application + sub
  std::set<std::string> ids;
  for (const auto& one : receiver.received()) {
    const auto sub = one.body.find("\"sub\"");
    bodies[one.application + one.body.substr(sub, one.body.find(',', sub) - sub)].push_back(
        one.body.substr(one.body.find("\"merge_id\"")));
    EXPECT_TRUE(ids.insert(one.application + one.id).second) << "sent twice: " << one.id;
  }
  EXPECT_EQ(bodies.size(), 2u * (users + 1));
  for (const auto& [user, list] : bodies) EXPECT_TRUE(std::ranges::is_sorted(list)) << user;
}

TEST_F(DispatcherTest, a_slow_application_delays_nobody_else) {
  std::latch slow_called(1);
  std::latch release(1);
  use({application("slow"), application("quick")},
      [&](const Application& application, const http::OutgoingRequest&)
          -> std::expected<http::OutgoingResponse, http::OutgoingError> {
        if (application.name == "slow") {
          slow_called.count_down();
          release.wait();
        }
        return http::OutgoingResponse{204, {}, {}};
      });
  dispatcher->start();
  add(guest_purged, 1);
  slow_called.wait();
  eventually([&] { return waiting("quick") == 0; });
  EXPECT_EQ(waiting("slow"), 1);
  release.count_down();
  eventually([&] { return waiting("slow") == 0; });
}

TEST_F(DispatcherTest, tries_again_when_it_is_due) {
  use({application("shop")});
  receiver.answer(503);
  dispatcher->start();
  add(guest_purged);
  // Noted, not only received: the pause is counted from then on.
  eventually([&] {
    const auto waits = rows(DeliveryState::waiting);
    return waits.size() == 1 && waits.front().attempts == 1;
  });
  clock.advance(1h);
  eventually([&] {
    dispatcher->wake();
    return waiting("shop") == 0;
  });
  EXPECT_EQ(receiver.received().size(), 2u);
}

TEST_F(DispatcherTest, stops_with_work_left) {
  use({application("shop")});
  for (int i = 0; i < 50; ++i) receiver.answer(500);
  for (int i = 0; i < 50; ++i) add(guest_purged, i);
  dispatcher->start();
  dispatcher->stop();
  dispatcher->stop();
  EXPECT_EQ(waiting("shop"), 50);
}

}  // namespace
}  // namespace vestibule::events
