#include "events/monitor.h"

#include <gtest/gtest.h>

#include <thread>

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;

AttemptReport attempt_of(std::int64_t id) {
  return {.id = base::EventId{id}, .application = "shop", .type = "guest.purged"};
}

TEST(Monitor, tells_each_watch_every_attempt_from_its_start) {
  Monitor monitor;
  monitor.publish(attempt_of(1));
  const auto early = monitor.watch();
  monitor.publish(attempt_of(2));
  const auto late = monitor.watch();
  monitor.publish(attempt_of(3));
  const auto first = early->take(0ms).reports;
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].id, base::EventId{2});
  EXPECT_EQ(late->take(0ms).reports.size(), 1u);
  EXPECT_TRUE(early->take(0ms).reports.empty());
}

TEST(Monitor, a_watch_that_is_too_slow_misses_the_oldest_and_knows_how_many) {
  Monitor monitor;
  const auto watch = monitor.watch();
  for (int id = 1; id <= 1'010; ++id) monitor.publish(attempt_of(id));
  const auto batch = watch->take(0ms);
  EXPECT_EQ(batch.missed, 10u);
  ASSERT_EQ(batch.reports.size(), 1'000u);
  EXPECT_EQ(batch.reports.front().id, base::EventId{11});
  EXPECT_EQ(watch->take(0ms).missed, 0u);
}

TEST(Monitor, wakes_whoever_waits) {
  Monitor monitor;
  const auto watch = monitor.watch();
  std::thread teller([&] { monitor.publish(attempt_of(1)); });
  EXPECT_EQ(watch->take(1h).reports.size(), 1u);
  teller.join();
  std::thread closer([&] { monitor.close(); });
  EXPECT_TRUE(watch->take(1h).ended);
  closer.join();
  EXPECT_TRUE(monitor.watch()->take(1h).ended) << "also for who comes too late";
}

TEST(Monitor, knows_the_circuits_of_its_lanes) {
  Monitor monitor;
  EXPECT_FALSE(monitor.circuit("shop"));
  monitor.set_circuit("shop", {});
  ASSERT_TRUE(monitor.circuit("shop"));
  EXPECT_FALSE(monitor.circuit("shop")->next_probe);
  monitor.set_circuit("shop", {base::from_milliseconds(5)});
  EXPECT_EQ(monitor.circuit("shop")->next_probe, base::from_milliseconds(5));
  EXPECT_FALSE(monitor.circuit("other"));
}

}  // namespace
}  // namespace vestibule::events
