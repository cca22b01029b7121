#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "events/delivery_log.h"
#include "events/dispatcher.h"
#include "events/testing.h"
#include "store/testing.h"

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;

class LeaseTest : public testing::Test {
 protected:
  std::unique_ptr<Dispatcher> make_dispatcher(Sender sender, DispatcherOptions options = {}) {
    return std::make_unique<Dispatcher>(
        *store, outbox, clock, random, std::move(sender),
        [](store::Transaction&, base::MergeId, std::string_view, base::Time) {}, options);
  }
  void add(std::int64_t user) {
    store->write([&](store::Transaction& tx) {
      outbox.add(tx, guest_purged, base::UserId{user}, {{"sub", std::to_string(user)}},
                 clock.now());
    });
  }
  std::vector<Delivery> claim(int limit = 100) {
    return store->write(
        [&](store::Transaction& tx) { return claim_due(tx, "shop", clock.now(), 30s, limit); });
  }
  void give_back_all(const std::vector<Delivery>& rows) {
    store->write([&](store::Transaction& tx) {
      for (const auto& row : rows) give_back(tx, row);
    });
  }
  std::int64_t count(DeliveryState state) {
    return store->read([&](store::Transaction& tx) { return count_deliveries(tx, "shop", state); });
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
  Outbox outbox{{application("shop")}, nullptr};
};

TEST_F(LeaseTest, a_leased_row_is_nobody_elses_until_the_lease_ends) {
  add(1);
  add(2);
  const auto first = claim(1);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].user, base::UserId{1});
  const auto second = claim();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].user, base::UserId{2});
  EXPECT_TRUE(claim().empty());
  clock.advance(29s);
  EXPECT_TRUE(claim().empty());
  clock.advance(1s);
  EXPECT_EQ(claim().size(), 2u);
}

TEST_F(LeaseTest, rows_come_in_the_order_in_which_they_are_sent) {
  for (int user = 1; user <= 50; ++user) add(user);
  const auto rows = claim();
  ASSERT_EQ(rows.size(), 50u);
  EXPECT_TRUE(std::ranges::is_sorted(rows, {}, &Delivery::id));
}

TEST_F(LeaseTest, a_younger_row_of_the_same_user_waits_behind_a_leased_one) {
  add(1);
  add(1);
  const auto first = claim();
  ASSERT_EQ(first.size(), 1u);
  store->write(
      [&](store::Transaction& tx) { note_delivered(tx, first[0], Delivered::kept, clock.now()); });
  EXPECT_EQ(claim().size(), 1u);
}

TEST_F(LeaseTest, what_is_given_back_can_be_leased_at_once_but_not_from_under_another) {
  add(1);
  const auto first = claim();
  give_back_all(first);
  const auto second = claim();
  ASSERT_EQ(second.size(), 1u) << "in the same millisecond";
  clock.advance(31s);
  const auto third = claim();
  ASSERT_EQ(third.size(), 1u);
  give_back_all(second);
  EXPECT_TRUE(claim().empty()) << "the lease of the third holds";
}

TEST_F(LeaseTest, a_failure_is_noted_by_the_lease_that_holds_only) {
  add(1);
  const auto late = claim();
  clock.advance(31s);
  const auto holder = claim();
  const auto fail = [&](const Delivery& row) {
    return store->write([&](store::Transaction& tx) {
      return note_failure(tx, row, "status 500", {.min_attempts = 1, .give_up_after = 0ms}, random,
                          clock.now());
    });
  };
  EXPECT_EQ(fail(late.at(0)), DeliveryState::waiting);
  EXPECT_EQ(count(DeliveryState::dead), 0);
  EXPECT_EQ(fail(holder.at(0)), DeliveryState::dead);
}

TEST_F(LeaseTest, a_success_counts_whoever_holds_the_lease) {
  add(1);
  const auto late = claim();
  clock.advance(31s);
  const auto holder = claim();
  store->write([&](store::Transaction& tx) {
    note_delivered(tx, late.at(0), Delivered::kept, clock.now());
    EXPECT_EQ(note_failure(tx, holder.at(0), "status 500", {}, random, clock.now()),
              DeliveryState::waiting);
  });
  EXPECT_EQ(count(DeliveryState::delivered), 1);
  EXPECT_EQ(count(DeliveryState::waiting), 0);
}

TEST_F(LeaseTest, a_lease_of_a_clock_that_was_set_back_binds_nobody) {
  add(1);
  ASSERT_EQ(claim().size(), 1u);
  clock.advance(-24h);
  add(2);
  EXPECT_EQ(claim().size(), 1u) << "user 1 is due tomorrow";
  clock.advance(24h - 11min);
  store->write([&](store::Transaction& tx) { hasten(tx, "shop", clock.now(), 10); });
  EXPECT_EQ(claim().size(), 2u);
}

TEST_F(LeaseTest, whoever_owns_the_store_alone_waits_for_no_dead_process) {
  add(1);
  ASSERT_EQ(claim().size(), 1u);
  Receiver receiver;
  auto shared = make_dispatcher(receiver.sender());
  shared->start();
  shared->stop();
  EXPECT_EQ(count(DeliveryState::waiting), 1);
  auto alone = make_dispatcher(receiver.sender(), {.store_use = StoreUse::exclusive});
  alone->start();
  eventually([&] { return count(DeliveryState::waiting) == 0; });
}

// Several processes on one store: two dispatchers with four threads each.
TEST_F(LeaseTest, two_dispatchers_never_send_one_row_at_one_time) {
  constexpr int users = 40;
  constexpr int events = 3;
  for (int event = 0; event < events; ++event) {
    for (int user = 1; user <= users; ++user) add(user);
  }
  std::mutex mutex;
  std::multiset<std::string> under_way;
  std::map<std::string, int> sent;
  std::map<std::string, std::vector<std::string>> order;
  bool overlapped = false;
  std::set<int> senders;
  const auto sender_of = [&](int number) -> Sender {
    return [&, number](const Application&, const http::OutgoingRequest& request)
               -> std::expected<http::OutgoingResponse, http::OutgoingError> {
      const std::string id(*request.headers.find("webhook-id"));
      const auto sub = request.body.substr(request.body.find("\"sub\""));
      bool fails = false;
      {
        const std::lock_guard lock(mutex);
        overlapped |= under_way.contains(id) || under_way.contains(sub);
        under_way.insert({id, sub});
        senders.insert(number);
        fails = ++sent[id] == 1 && sent.size() % 10 == 0;
        if (!fails) order[sub].push_back(id);
      }
      std::this_thread::yield();
      const std::lock_guard lock(mutex);
      under_way.erase(under_way.find(id));
      under_way.erase(under_way.find(sub));
      return http::OutgoingResponse{fails ? 500 : 204, {}, {}};
    };
  };
  const RetryPolicy at_once{.first = 0ms};
  auto one = make_dispatcher(sender_of(1), {.retry = at_once, .batch = 5});
  auto two = make_dispatcher(sender_of(2), {.retry = at_once, .batch = 7});
  one->start();
  two->start();
  eventually([&] {
    one->wake();
    two->wake();
    return count(DeliveryState::waiting) == 0;
  });
  one->stop();
  two->stop();
  EXPECT_FALSE(overlapped);
  EXPECT_EQ(senders.size(), 2u) << "both took part";
  EXPECT_EQ(sent.size(), static_cast<std::size_t>(users * events));
  for (const auto& [sub, ids] : order) {
    ASSERT_EQ(ids.size(), static_cast<std::size_t>(events)) << sub;
    EXPECT_TRUE(std::ranges::is_sorted(ids, {}, [](const auto& id) {
      return std::stoi(id.substr(4));
    })) << sub;
  }
}

// Nothing leaves near the end of its lease: what could not be sent in time is leased anew.
TEST_F(LeaseTest, rows_that_waited_too_long_behind_a_slow_one_are_leased_anew) {
  add(1);
  add(2);
  const auto start = clock.now();
  const base::Milliseconds lease = longest_attempt + 5s + 50ms;  // 50 ms to begin in
  std::vector<base::Time> leases;
  auto dispatcher = make_dispatcher(
      [&](const Application&, const http::OutgoingRequest&)
          -> std::expected<http::OutgoingResponse, http::OutgoingError> {
        store->read([&](store::Transaction& tx) {
          for (const auto& row : list_deliveries(tx, {.state = DeliveryState::waiting}, 1))
            leases.push_back(row.leased_until);  // of the newest
        });
        clock.advance(1s);
        std::this_thread::sleep_for(100ms);  // a slow answer
        return http::OutgoingResponse{204, {}, {}};
      },
      {.threads_per_application = 1, .lease = lease});
  dispatcher->start();
  eventually([&] { return count(DeliveryState::delivered) == 2; });
  dispatcher->stop();
  ASSERT_EQ(leases.size(), 2u);
  EXPECT_EQ(leases[0], start + lease);
  EXPECT_EQ(leases[1], start + 1s + lease);
}

}  // namespace
}  // namespace vestibule::events
