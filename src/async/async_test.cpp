#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <expected>
#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include "async/commit.h"
#include "async/pool.h"
#include "store/testing.h"

namespace vestibule::async {
namespace {

namespace asio = boost::asio;
using store::Transaction;

constexpr store::Statement insert_meta("meta.insert",
                                       "insert into meta (key, value) values ($1, $2)");
constexpr store::Statement count_meta("meta.count", "select count(*) from meta");

std::int64_t count(store::Store& store) {
  return store.read([](Transaction& tx) {
    auto rows = tx.query(count_meta);
    rows.next();
    return rows.integer(0);
  });
}

/// Runs one coroutine on an io_context of this thread and throws what it throws.
void run_to_end(std::function<asio::awaitable<void>()> coroutine) {
  asio::io_context io;
  std::exception_ptr error;
  asio::co_spawn(io, std::move(coroutine), [&](std::exception_ptr e) { error = std::move(e); });
  io.run();
  if (error) std::rethrow_exception(error);
}

class Commit : public testing::Test {
 protected:
  std::unique_ptr<store::Store> store_ = store::open_temporary();
};

TEST_F(Commit, GivesTheResultOnTheCoroutinesThread) {
  const auto here = std::this_thread::get_id();
  std::thread::id ran_on;
  std::thread::id resumed_on;
  std::string result;
  run_to_end([&]() -> asio::awaitable<void> {
    auto unit = [&](Transaction& tx) {
      ran_on = std::this_thread::get_id();
      tx.execute(insert_meta, "a", "1");
      return std::string("kept");
    };
    result = co_await commit(*store_, std::move(unit));
    resumed_on = std::this_thread::get_id();
  });
  EXPECT_EQ(result, "kept");
  EXPECT_EQ(resumed_on, here);
  EXPECT_NE(ran_on, here);
  EXPECT_EQ(count(*store_), 1);
}

TEST_F(Commit, ThrowsInTheCoroutineWhatTheUnitThrew) {
  auto coroutine = [&]() -> asio::awaitable<void> {
    auto unit = [](Transaction& tx) {
      tx.execute(insert_meta, "a", "1");
      throw std::invalid_argument("no");
    };
    co_await commit(*store_, std::move(unit));
  };
  EXPECT_THROW(run_to_end(coroutine), std::invalid_argument);
  EXPECT_EQ(count(*store_), 0);
}

TEST_F(Commit, RollsARefusalBack) {
  std::expected<int, std::string> result;
  run_to_end([&]() -> asio::awaitable<void> {
    auto unit = [](Transaction& tx) -> std::expected<int, std::string> {
      tx.execute(insert_meta, "a", "1");
      return std::unexpected("gone");
    };
    result = co_await commit(*store_, std::move(unit));
  });
  EXPECT_EQ(result, std::unexpected<std::string>("gone"));
  EXPECT_EQ(count(*store_), 0);
}

TEST_F(Commit, CarriesResultsThatOnlyMove) {
  int value = 0;
  run_to_end([&]() -> asio::awaitable<void> {
    auto unit = [owned = std::make_unique<int>(7)](Transaction&) mutable {
      return std::move(owned);
    };
    const auto result = co_await commit(*store_, std::move(unit));
    value = *result;
  });
  EXPECT_EQ(value, 7);
}

TEST_F(Commit, ServesManyCoroutinesOnSeveralThreads) {
  constexpr int coroutines = 200;
  asio::io_context io;
  std::atomic<int> finished = 0;
  for (int i = 0; i < coroutines; ++i) {
    auto coroutine = [this, i]() -> asio::awaitable<void> {
      for (int j = 0; j < 5; ++j) {
        const auto key = std::to_string(i) + "." + std::to_string(j);
        auto unit = [&key](Transaction& tx) { tx.execute(insert_meta, key, "x"); };
        co_await commit(*store_, std::move(unit));
      }
    };
    asio::co_spawn(io, coroutine, [&](std::exception_ptr e) { finished += e ? 0 : 1; });
  }
  {
    const std::jthread other([&] { io.run(); });
    io.run();
  }
  EXPECT_EQ(finished, coroutines);
  EXPECT_EQ(count(*store_), coroutines * 5);
}

TEST(CpuPool, RunsOnItsOwnThreadAndResumesOnTheCoroutines) {
  CpuPool pool;
  const auto here = std::this_thread::get_id();
  std::thread::id resumed_on;
  std::thread::id ran_on;
  run_to_end([&]() -> asio::awaitable<void> {
    auto work = [] { return std::this_thread::get_id(); };
    ran_on = co_await run(pool, std::move(work));
    resumed_on = std::this_thread::get_id();
  });
  EXPECT_NE(ran_on, here);
  EXPECT_EQ(resumed_on, here);
}

TEST(CpuPool, ThrowsInTheCoroutineWhatTheWorkThrew) {
  CpuPool pool;
  auto coroutine = [&]() -> asio::awaitable<void> {
    auto work = [] { throw std::invalid_argument("no"); };
    co_await run(pool, std::move(work));
  };
  EXPECT_THROW(run_to_end(coroutine), std::invalid_argument);
}

TEST(CpuPool, RefusesWhatItsQueueCannotHoldAndGoesOn) {
  std::latch started(1);
  std::latch release(1);
  std::atomic<int> done = 0;
  CpuPool pool({.threads = 1, .max_waiting = 1});
  const auto count_done = [&](std::exception_ptr) { ++done; };
  pool.submit({[&] {
                 started.count_down();
                 release.wait();
               },
               count_done});
  started.wait();
  pool.submit({[] {}, count_done});
  EXPECT_EQ(pool.waiting(), 1U);
  auto coroutine = [&]() -> asio::awaitable<void> {
    auto work = [] {};
    co_await run(pool, std::move(work));
  };
  EXPECT_THROW(run_to_end(coroutine), Overloaded);
  release.count_down();
  while (done < 2) std::this_thread::yield();
  EXPECT_NO_THROW(run_to_end(coroutine));
}

TEST(CpuPool, FinishesWhatWaitsBeforeItEnds) {
  std::atomic<int> done = 0;
  {
    CpuPool pool({.threads = 2, .max_waiting = 100});
    for (int i = 0; i < 50; ++i) pool.submit({[] {}, [&](std::exception_ptr) { ++done; }});
  }
  EXPECT_EQ(done, 50);
}

}  // namespace
}  // namespace vestibule::async
