#include "lifecycle/purge.h"

#include <gtest/gtest.h>

#include "guests/testing.h"

namespace vestibule::lifecycle {
namespace {

using namespace std::chrono_literals;
using guests::World;

class PurgeRun : public testing::Test {
 protected:
  base::Result<PurgeReport> run(const PurgeOptions& options, const PurgeProgress& progress = {}) {
    return run_purge(*world.store, delete_at_once(*world.guests), options, progress, world.now());
  }
  void make_guests(int count) {
    world.write([&](store::Transaction& tx) {
      for (int i = 0; i < count; ++i) {
        ASSERT_TRUE(world.guests->provision(
            tx, world.authority,
            guests::TicketRequest{world.new_session_id(), world.now() + 24h * 30}, world.now()));
      }
    });
  }
  std::int64_t users() { return world.user_count(); }

  World world;
};

TEST_F(PurgeRun, deletes_what_the_dry_run_counted) {
  const auto account = world.account();
  make_guests(300);
  world.clock.advance(24h * 32);
  make_guests(40);
  PurgeOptions options{.mode = PurgeMode::dry_run, .batch = 16};
  const auto dry = run(options).value();
  EXPECT_EQ(dry.found, 300);
  EXPECT_EQ(dry.users, 341);
  EXPECT_EQ(dry.purged, 0);
  EXPECT_EQ(users(), 341);

  options.mode = PurgeMode::purge;
  std::vector<std::int64_t> steps;
  const auto report = run(options, [&](std::int64_t done, std::int64_t total) {
                        EXPECT_EQ(total, 300);
                        steps.push_back(done);
                      }).value();
  EXPECT_EQ(report.purged, 300);
  EXPECT_EQ(users(), 41);
  EXPECT_EQ(steps, (std::vector<std::int64_t>{128, 256, 300}));
  EXPECT_TRUE(world.find(account.user.id));
  EXPECT_EQ(run(options).value().purged, 0);
}

TEST_F(PurgeRun, refuses_too_large_a_share_unless_forced) {
  make_guests(601);
  world.clock.advance(24h * 32);
  make_guests(599);
  EXPECT_EQ(run({}).error().reason, "share_exceeded");
  EXPECT_EQ(users(), 1200);
  EXPECT_EQ(run({.mode = PurgeMode::dry_run}).value().found, 601) << "a dry run is never refused";
  EXPECT_EQ(run({.max_share = 0.6}).value().purged, 601);
}

TEST_F(PurgeRun, of_a_small_store_knows_no_share) {
  make_guests(20);
  world.clock.advance(24h * 32);
  EXPECT_EQ(run({}).value().purged, 20);
}

TEST_F(PurgeRun, refuses_a_clock_that_was_set_back) {
  ASSERT_TRUE(run({}));
  world.clock.advance(-30s);
  EXPECT_TRUE(run({})) << "within what servers correct";
  world.clock.advance(-61s);
  EXPECT_EQ(run({}).error().reason, "clock_jumped");
  EXPECT_TRUE(run({.force = PurgeForce::yes}));
  EXPECT_TRUE(run({})) << "the forced run is the new last one";
}

TEST_F(PurgeRun, refuses_a_clock_that_jumped_ahead) {
  make_guests(5);
  ASSERT_TRUE(run({}));
  world.clock.advance(24h * 365);
  EXPECT_EQ(run({}).error().reason, "clock_jumped");
  world.reopen();
  EXPECT_EQ(run({}).error().reason, "clock_jumped") << "remembered in the store";
  EXPECT_EQ(users(), 5);
  EXPECT_EQ(run({.force = PurgeForce::yes}).value().purged, 5);
}

TEST_F(PurgeRun, refuses_a_negative_age) {
  EXPECT_EQ(run({.older_than = -1ms}).error().reason, "older_than");
}

TEST_F(PurgeRun, leaves_when_asked_to_stop) {
  make_guests(50);
  world.clock.advance(24h * 32);
  std::stop_source source;
  PurgeOptions options{.batch = 1};
  const auto report = run_purge(
      *world.store, delete_at_once(*world.guests), options,
      [&](std::int64_t, std::int64_t) { source.request_stop(); }, world.now(), source.get_token());
  EXPECT_EQ(report.value().purged, 8);
  EXPECT_EQ(users(), 42);
}

}  // namespace
}  // namespace vestibule::lifecycle
