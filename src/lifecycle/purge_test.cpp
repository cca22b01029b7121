#include "lifecycle/purge.h"

#include <gtest/gtest.h>

#include "guests/testing.h"
#include "lifecycle/purge_runs.h"

namespace vestibule::lifecycle {
namespace {

using namespace std::chrono_literals;
using guests::World;

class RunPurge : public testing::Test {
 protected:
  base::Result<PurgeReport> run(const PurgeOptions& options, const PurgeProgress& progress = {}) {
    const auto step = delete_at_once(*world.guests);
    return run_purge({*world.store, step, world.clock, statistics}, options, progress, stop);
  }
  void make_guests(int count, base::ClientId client = base::ClientId{13}) {
    world.authority.client = client;
    world.write([&](store::Transaction& tx) {
      for (int i = 0; i < count; ++i) {
        ASSERT_TRUE(world.guests->provision(
            tx, world.authority,
            guests::TicketRequest{world.new_session_id(), world.now() + 24h * 30}, world.now()));
      }
    });
  }
  std::int64_t users() { return world.user_count(); }
  std::vector<PurgeRun> runs() {
    return world.read([](store::Transaction& tx) { return list_runs(tx, 10); });
  }

  World world;
  PurgeStatistics statistics;
  std::stop_token stop;
};

TEST_F(RunPurge, deletes_what_the_dry_run_counted) {
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
  EXPECT_EQ(steps, (std::vector<std::int64_t>{64, 128, 192, 256, 300}));
  EXPECT_TRUE(world.find(account.user.id));
  EXPECT_EQ(run(options).value().purged, 0);
}

TEST_F(RunPurge, refuses_too_large_a_share_unless_forced) {
  make_guests(601);
  world.clock.advance(24h * 32);
  make_guests(599);
  EXPECT_EQ(run({}).error().reason, "share_exceeded");
  EXPECT_EQ(users(), 1200);
  EXPECT_EQ(run({.mode = PurgeMode::dry_run}).value().found, 601) << "a dry run is never refused";
  EXPECT_EQ(run({.max_share = 0.6}).value().purged, 601);
}

TEST_F(RunPurge, of_a_small_store_knows_no_share) {
  make_guests(20);
  world.clock.advance(24h * 32);
  EXPECT_EQ(run({}).value().purged, 20);
}

TEST_F(RunPurge, refuses_a_clock_that_was_set_back) {
  ASSERT_TRUE(run({}));
  world.clock.advance(-30s);
  EXPECT_TRUE(run({})) << "within what servers correct";
  world.clock.advance(-61s);
  EXPECT_EQ(run({}).error().reason, "clock_jumped");
  EXPECT_TRUE(run({.force = PurgeForce::yes}));
  EXPECT_TRUE(run({})) << "the forced run is the new last one";
}

TEST_F(RunPurge, refuses_a_clock_that_jumped_ahead) {
  make_guests(5);
  ASSERT_TRUE(run({}));
  world.clock.advance(24h * 365);
  EXPECT_EQ(run({}).error().reason, "clock_jumped");
  world.reopen();
  EXPECT_EQ(run({}).error().reason, "clock_jumped") << "remembered in the store";
  EXPECT_EQ(users(), 5);
  EXPECT_EQ(run({.force = PurgeForce::yes}).value().purged, 5);
}

TEST_F(RunPurge, refuses_a_negative_age) {
  EXPECT_EQ(run({.older_than = -1ms}).error().reason, "older_than");
}

TEST_F(RunPurge, leaves_when_asked_to_stop) {
  make_guests(50);
  world.clock.advance(24h * 32);
  std::stop_source source;
  PurgeOptions options{.batch = 1};
  stop = source.get_token();
  const auto report = run(options, [&](std::int64_t, std::int64_t) { source.request_stop(); });
  EXPECT_EQ(report.value().purged, 4);
  EXPECT_EQ(users(), 46);
  EXPECT_EQ(runs().at(0).outcome, outcome::stopped);
  stop = {};
  EXPECT_EQ(run(options).value().purged, 46) << "the next run does the rest";
}

TEST_F(RunPurge, keeps_the_guests_of_each_application_for_as_long_as_it_says) {
  const base::ClientId shop{13};
  const base::ClientId forum{14};
  const base::ClientId news{15};
  for (const auto client : {shop, forum, news}) make_guests(5, client);
  world.clock.advance(24h * 10);
  for (const auto client : {shop, forum, news}) make_guests(3, client);
  const PurgeOptions options{
      .older_than = 24h * 9,
      .applications = {{.client = forum, .older_than = 24h * 30}, {.client = news}}};
  // The last three of `news` have their age only when their instant is over.
  world.clock.advance(1ms);

  auto dry_options = options;
  dry_options.mode = PurgeMode::dry_run;
  const auto dry = run(dry_options).value();
  EXPECT_EQ(dry.found, 13);
  const auto report = run(options).value();
  ASSERT_EQ(report.applications.size(), 3u);
  const std::vector<std::pair<base::ClientId, std::int64_t>> expected{
      {shop, 5}, {forum, 0}, {news, 8}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(dry.applications[i].client, expected[i].first);
    EXPECT_EQ(dry.applications[i].found, expected[i].second);
    EXPECT_EQ(dry.applications[i].purged, 0);
    EXPECT_EQ(report.applications[i].client, expected[i].first);
    EXPECT_EQ(report.applications[i].found, expected[i].second);
    EXPECT_EQ(report.applications[i].purged, expected[i].second);
  }
  EXPECT_EQ(report.applications[1].cutoff, world.now() - 24h * 30);
  EXPECT_EQ(users(), 11);
}

TEST_F(RunPurge, can_be_of_one_application_only) {
  make_guests(4, base::ClientId{13});
  make_guests(6, base::ClientId{14});
  world.clock.advance(24h * 32);
  EXPECT_EQ(run({.only = base::ClientId{15}}).value().purged, 0);
  EXPECT_EQ(run({.only = base::ClientId{14}}).value().purged, 6);
  EXPECT_EQ(users(), 4);
}

TEST_F(RunPurge, refuses_a_negative_age_of_one_application) {
  EXPECT_EQ(
      run({.applications = {{.client = base::ClientId{13}, .older_than = -1ms}}}).error().reason,
      "older_than");
  EXPECT_TRUE(runs().empty());
}

TEST_F(RunPurge, leaves_a_report) {
  make_guests(10);
  world.clock.advance(24h * 32);
  EXPECT_EQ(run({.mode = PurgeMode::dry_run}).value().found, 10);
  EXPECT_TRUE(runs().empty()) << "a dry run leaves no trace";
  const auto began = world.now();
  ASSERT_TRUE(run({}));
  const auto one = runs().at(0);
  EXPECT_EQ(one.started_at, began);
  EXPECT_EQ(one.finished_at, began);
  EXPECT_EQ(one.cutoff, began - 24h * 30);
  EXPECT_EQ(one.found, 10);
  EXPECT_EQ(one.purged, 10);
  EXPECT_EQ(one.outcome, outcome::done);
  EXPECT_EQ(statistics.purged, 10);
  EXPECT_EQ(statistics.refused, 0);
  EXPECT_EQ(statistics.last_run, base::to_milliseconds(began));
}

TEST_F(RunPurge, that_is_refused_leaves_a_report_too) {
  make_guests(1001);
  world.clock.advance(24h * 32);
  EXPECT_FALSE(run({}));
  const auto one = runs().at(0);
  EXPECT_EQ(one.outcome, "refused: share_exceeded");
  EXPECT_EQ(one.found, 1001);
  EXPECT_EQ(one.purged, 0);
  EXPECT_EQ(statistics.refused, 1);
  EXPECT_EQ(statistics.last_run, 0);
}

// What a kill leaves: the units that were durable, their count in the run's row, and the rest for
// the next run.
TEST_F(RunPurge, that_dies_has_counted_what_it_did_and_the_next_one_goes_on) {
  make_guests(50);
  world.clock.advance(24h * 32);
  const auto kill = [&] {
    const auto step = delete_at_once(*world.guests);
    int units = 0;
    const PurgeStep dies = [&](store::Transaction& tx, std::span<const base::UserId> candidates,
                               base::Time cutoff, base::Time now) {
      if (++units > 3) throw std::runtime_error("the power fails");
      return step(tx, candidates, cutoff, now);
    };
    return run_purge({*world.store, dies, world.clock, statistics}, {.batch = 5}, {}, stop);
  };
  EXPECT_THROW(kill(), std::runtime_error);
  world.reopen();
  EXPECT_EQ(users(), 35);
  EXPECT_EQ(runs().at(0).purged, 15);
  EXPECT_EQ(runs().at(0).outcome, outcome::failed);
  EXPECT_EQ(run({}).value().purged, 35);
}

TEST_F(RunPurge, under_way_when_its_process_died_is_called_interrupted) {
  world.write([&](store::Transaction& tx) {
    insert_run(tx, {.started_at = world.now(),
                    .cutoff = world.now(),
                    .found = 5,
                    .purged = 2,
                    .outcome = std::string(outcome::running)});
  });
  close_interrupted_runs(*world.store);
  EXPECT_EQ(runs().at(0).outcome, outcome::interrupted);
  EXPECT_FALSE(runs().at(0).finished_at);
}

TEST_F(RunPurge, reports_are_forgotten_after_their_time) {
  ASSERT_TRUE(run({}));
  world.clock.advance(24h * 100);
  ASSERT_TRUE(run({.force = PurgeForce::yes}));
  world.write([&](store::Transaction& tx) { EXPECT_EQ(forget_runs(tx, world.now(), 10), 1); });
  EXPECT_EQ(runs().size(), 1u);
}

}  // namespace
}  // namespace vestibule::lifecycle
