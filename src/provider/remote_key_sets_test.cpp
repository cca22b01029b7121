#include "provider/remote_key_sets.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <future>
#include <thread>

namespace vestibule::provider {
namespace {

constexpr const char* url = "https://client.test/jwks";

/// A set with one key of that id.
std::string key_set(const std::string& kid) {
  static const auto key = jose::PrivateKey::generate(jose::Algorithm::eddsa).public_key();
  return jose::KeySet({{kid, std::nullopt, key}}).to_json();
}

class RemoteKeySetsTest : public testing::Test {
 protected:
  using Keys = std::shared_ptr<const jose::KeySet>;

  RemoteKeySetsTest() : runner_([this] { io_.run(); }) {}
  ~RemoteKeySetsTest() override {
    io_.stop();
    runner_.join();
  }

  std::future<Keys> start(const std::string& key_id, const std::string& at = url) {
    return boost::asio::co_spawn(io_, sets.load(at, key_id), boost::asio::use_future);
  }
  Keys load(const std::string& key_id, const std::string& at = url) {
    return start(key_id, at).get();
  }
  static bool has(const Keys& keys, const std::string& kid) { return keys && keys->find(kid); }
  void serve(std::optional<std::string> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

  base::FakeClock clock;
  std::atomic<int> fetches = 0;
  std::atomic<bool> held = false;  ///< fetches wait while it is set

 private:
  std::optional<std::string> fetch() {
    ++fetches;
    held.wait(true);
    const std::lock_guard lock(mutex_);
    return answer_;
  }

  std::mutex mutex_;
  std::optional<std::string> answer_ = key_set("a");
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{
      io_.get_executor()};
  async::CpuPool pool_{{.threads = 2}};

 protected:
  RemoteKeySets sets{[this](const std::string&) { return fetch(); },
                     pool_,
                     clock,
                     {.fresh = base::Seconds{600},
                      .stale = base::Seconds{3600},
                      .pause = base::Seconds{30},
                      .capacity = 2}};

 private:
  std::thread runner_;
};

TEST_F(RemoteKeySetsTest, ASetIsFetchedOnceWhileItIsFresh) {
  EXPECT_TRUE(has(load("a"), "a"));
  EXPECT_TRUE(has(load("a"), "a"));
  EXPECT_TRUE(has(load(""), "a"));
  EXPECT_EQ(fetches, 1);
  clock.advance(base::Seconds{600});
  EXPECT_TRUE(has(load("a"), "a"));
  EXPECT_EQ(fetches, 2);
}

TEST_F(RemoteKeySetsTest, AnUnknownKeyIsLookedForAgainButNotAllTheTime) {
  load("a");
  serve(key_set("b"));
  EXPECT_FALSE(has(load("b"), "b")) << "fetched just now";
  for (int i = 0; i < 100; ++i) load("nonsense-" + std::to_string(i));
  EXPECT_EQ(fetches, 1);
  clock.advance(base::Seconds{30});
  EXPECT_TRUE(has(load("b"), "b"));
  EXPECT_EQ(fetches, 2);
  EXPECT_FALSE(has(load("a"), "a")) << "what is not there any more is not believed";
}

TEST_F(RemoteKeySetsTest, WhatWasSaidHoldsWhileTheServerIsDown) {
  load("a");
  serve(std::nullopt);
  clock.advance(base::Seconds{3599});
  EXPECT_TRUE(has(load("a"), "a"));
  EXPECT_EQ(fetches, 2);
  clock.advance(base::Seconds{1});
  EXPECT_FALSE(load("a")) << "for so long only";
  serve("not a key set");
  clock.advance(base::Seconds{30});
  EXPECT_FALSE(load("a"));
  serve(key_set("c"));
  clock.advance(base::Seconds{30});
  EXPECT_TRUE(has(load("c"), "c"));
}

TEST_F(RemoteKeySetsTest, AFailureIsRememberedForAWhile) {
  serve(std::nullopt);
  EXPECT_FALSE(load("a"));
  serve(key_set("a"));
  EXPECT_FALSE(load("a"));
  EXPECT_EQ(fetches, 1);
  clock.set(clock.now() - base::Seconds{5});
  EXPECT_TRUE(load("a")) << "a clock that was set back does not lengthen it";
}

TEST_F(RemoteKeySetsTest, EverybodyWaitsForTheSameFetch) {
  held = true;
  std::vector<std::future<Keys>> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(start("a"));
  held = false;
  held.notify_all();
  for (auto& answer : waiting) EXPECT_TRUE(has(answer.get(), "a"));
  EXPECT_EQ(fetches, 1);
}

TEST_F(RemoteKeySetsTest, TheOldestSetMakesRoom) {
  load("a", "https://one.test");
  clock.advance(base::Seconds{1});
  load("a", "https://two.test");
  load("a", "https://three.test");
  EXPECT_EQ(fetches, 3);
  load("a", "https://two.test");
  EXPECT_EQ(fetches, 3);
  load("a", "https://one.test");
  EXPECT_EQ(fetches, 4);
}

TEST(FetchJson, OnlyHttpsIsAsked) {
  http::OutgoingOptions options;
  options.allowed = {http::Cidr::parse("127.0.0.0/8").value()};
  const http::OutgoingClient client(options);
  EXPECT_FALSE(fetch_json_with(client)("http://127.0.0.1:1/jwks"));
}

}  // namespace
}  // namespace vestibule::provider
