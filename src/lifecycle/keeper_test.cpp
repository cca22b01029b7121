#include "lifecycle/keeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <semaphore>

#include "events/audit.h"
#include "events/deliveries.h"
#include "events/delivery_log.h"
#include "guests/testing.h"
#include "lifecycle/cleanup.h"
#include "lifecycle/jobs.h"

namespace vestibule::lifecycle {
namespace {

using namespace std::chrono_literals;
using guests::World;

TEST(Keeper, runs_jobs_at_start_and_when_triggered) {
  base::FakeClock clock;
  std::counting_semaphore<> ran(0);
  Keeper keeper({{"one", 24h,
                  [&](base::Time now, const std::stop_token&) {
                    EXPECT_EQ(now, clock.now());
                    ran.release();
                  }}},
                clock);
  keeper.start();
  ran.acquire();
  EXPECT_TRUE(keeper.trigger("one"));
  ran.acquire();
  EXPECT_FALSE(keeper.trigger("two"));
  keeper.run_once("one");
  ran.acquire();
  EXPECT_THROW(keeper.run_once("two"), std::out_of_range);
}

TEST(Keeper, repeats_jobs_at_their_interval_and_survives_what_they_throw) {
  base::FakeClock clock;
  std::counting_semaphore<> ran(0);
  Keeper keeper({{"failing", 1ms,
                  [&](base::Time, const std::stop_token&) {
                    ran.release();
                    throw std::runtime_error("the store is away");
                  }}},
                clock);
  keeper.start();
  for (int i = 0; i < 3; ++i) ran.acquire();
}

TEST(Keeper, a_long_job_keeps_no_other_waiting_and_leaves_at_stop) {
  base::FakeClock clock;
  std::latch long_began(1);
  std::counting_semaphore<> quick_ran(0);
  Keeper keeper({{"long", 24h,
                  [&](base::Time, const std::stop_token& stop) {
                    long_began.count_down();
                    while (!stop.stop_requested()) std::this_thread::yield();
                  }},
                 {"quick", 24h, [&](base::Time, const std::stop_token&) { quick_ran.release(); }}},
                clock);
  keeper.start();
  long_began.wait();
  keeper.trigger("quick");
  quick_ran.acquire();
  quick_ran.acquire();
  keeper.stop();
  keeper.stop();
}

TEST(Keeper, refuses_two_jobs_of_one_name) {
  base::FakeClock clock;
  const Job job{"one", 1s, [](base::Time, const std::stop_token&) {}};
  EXPECT_THROW(Keeper({job, job}, clock), std::invalid_argument);
}

TEST(Jobs, purge_deletes_abandoned_guests_and_survives_a_refusal) {
  World world;
  const auto guest = world.guest();
  const auto step = delete_at_once(*world.guests);
  PurgeStatistics statistics;
  Keeper keeper({purge_job({*world.store, step, world.clock, statistics}, {}, 1h)}, world.clock);
  keeper.run_once(purge_job_name);
  EXPECT_TRUE(world.find(guest.user.id));
  world.clock.advance(24h * 365);
  keeper.run_once(purge_job_name);
  EXPECT_TRUE(world.find(guest.user.id)) << "the clock jumped";
}

TEST(Jobs, purge_on_schedule_takes_a_guest_when_its_time_has_come) {
  World world;
  const auto guest = world.guest();
  const auto step = delete_at_once(*world.guests);
  PurgeStatistics statistics;
  Keeper keeper({purge_job({*world.store, step, world.clock, statistics}, {}, 24h)}, world.clock);
  int days = 0;
  while (world.find(guest.user.id) && days < 100) {
    keeper.run_once(purge_job_name);
    world.clock.advance(24h);
    ++days;
  }
  EXPECT_EQ(days, 32) << "thirty days after the end of its day";
}

TEST(Jobs, mail_goes_out_through_the_transport) {
  World world;
  world.account();
  std::vector<std::string> recipients;
  accounts::MailerOptions options{.public_url = "https://id.example"};
  accounts::Mailer mailer(
      *world.store, options,
      [&](const accounts::Mail& mail, const std::stop_token&) {
        recipients.push_back(mail.to);
        return std::expected<void, mail::Failure>{};
      },
      world.random, world.clock);
  Keeper keeper({mail_job(mailer, 1s)}, world.clock);
  world.clock.advance(1min);
  keeper.run_once(mail_job_name);
  EXPECT_EQ(recipients, std::vector<std::string>{"ada@example.org"});
  keeper.run_once(mail_job_name);
  EXPECT_EQ(recipients.size(), 1u);
}

TEST(Jobs, merges_report_what_stalls) {
  World world({guests::holder("shop")});
  const auto account = world.account();
  const auto merge = world.request_merge(world.guest().user.id, account.user.id).value();
  guests::OpenMerges told;
  const auto report = [&](const guests::OpenMerges& merges, base::Time) { told = merges; };
  Keeper keeper({merges_job(*world.store, report, 1s)}, world.clock);
  keeper.run_once(merges_job_name);
  EXPECT_EQ(told.open, 1);
  EXPECT_EQ(told.stalled, 0);
  EXPECT_EQ(told.oldest, merge.requested_at);
  world.clock.advance(24h);
  keeper.run_once(merges_job_name);
  EXPECT_EQ(told.stalled, 1);
  EXPECT_EQ(world.merge(merge.id)->state, guests::MergeState::stalled);
}

TEST(Jobs, rotation_is_asked_for) {
  base::FakeClock clock;
  base::Time asked;
  Keeper keeper({rotation_job([&](base::Time now) { asked = now; }, 1h)}, clock);
  keeper.run_once(rotation_job_name);
  EXPECT_EQ(asked, clock.now());
}

TEST(Jobs, cleanup_forgets_what_has_expired_and_nothing_else) {
  World world({guests::holder("shop")});
  world.authority.client_address = "203.0.113.7";
  const auto guest = world.guest();
  const auto account = world.account();
  const auto merge = world.request_merge(world.guest().user.id, account.user.id).value();
  world.acknowledge(merge.id, "shop").value();
  const events::RetryPolicy impatient{.min_attempts = 1, .give_up_after = 0ms};
  world.write([&](store::Transaction& tx) {
    const auto due = events::list_due(tx, "shop", world.now(), 2);
    events::note_failure(tx, due.at(0), "status 500", impatient, world.random, world.now());
    events::note_delivered(tx, due.at(1), events::Delivered::kept, world.now());
  });
  // The batch of one row walks every loop more than once.
  Keeper keeper({cleanup_job(*world.store, *world.sessions, *world.ended, world.outbox, {}, 1h, 1)},
                world.clock);
  const auto count = [&](events::DeliveryState state) {
    return world.read(
        [&](store::Transaction& tx) { return events::count_deliveries(tx, "shop", state); });
  };
  const auto dead = [&] { return count(events::DeliveryState::dead); };
  const auto delivered = [&] { return count(events::DeliveryState::delivered); };
  static const store::Statement addresses{"test.addresses",
                                          "select count(*) from audit where address is not null"};
  const auto remembered = [&] {
    return world.read([&](store::Transaction& tx) {
      auto rows = tx.query(addresses);
      rows.next();
      return rows.integer(0);
    });
  };
  const auto ended = [&] { return world.ended->size(); };

  keeper.run_once(cleanup_job_name);
  EXPECT_TRUE(world.find_session(guest.session->id));
  EXPECT_TRUE(world.merge(merge.id));
  EXPECT_GT(ended(), 0u);
  EXPECT_EQ(dead(), 1);
  EXPECT_EQ(delivered(), 1);
  EXPECT_GT(remembered(), 0);

  world.clock.advance(26h);
  keeper.run_once(cleanup_job_name);
  EXPECT_EQ(ended(), 0u);
  EXPECT_EQ(delivered(), 1) << "three days are not over";

  world.clock.advance(24h * 30);
  keeper.run_once(cleanup_job_name);
  EXPECT_FALSE(world.find(account.user.id)->email) << "never proved in 30 days";
  EXPECT_EQ(delivered(), 0);
  EXPECT_GT(remembered(), 0);

  world.clock.advance(24h * 60);
  keeper.run_once(cleanup_job_name);
  EXPECT_EQ(remembered(), 0);
  EXPECT_EQ(dead(), 0);
  EXPECT_TRUE(world.merge(merge.id));

  world.clock.advance(24h * 400);
  keeper.run_once(cleanup_job_name);
  EXPECT_FALSE(world.merge(merge.id));
  EXPECT_TRUE(world.find(guest.user.id)) << "guests are the purge's";
}

}  // namespace
}  // namespace vestibule::lifecycle
