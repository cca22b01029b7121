#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "store/contract_test.h"
#include "store/sqlite.h"
#include "store/sqlite/test_schema.h"
#include "store/testing.h"

namespace vestibule::store {
namespace {

SqliteOptions options(const TemporaryDirectory& directory) {
  return {.path = directory.path() / "items.db", .migrations = items_schema};
}

/// The child: several threads write pairs of rows and report each pair, once it was answered, as
/// one number over the pipe. Never returns.
[[noreturn]] void write_until_killed(const TemporaryDirectory& directory, int pipe,
                                     std::int64_t first) {
  const auto store = open_sqlite(options(directory));
  std::vector<std::jthread> threads;
  std::atomic<std::int64_t> next = first;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (;;) {
        const auto id = next.fetch_add(1);
        store->write([id](Transaction& tx) {
          tx.execute(insert_item, 2 * id, "word", nullptr);
          tx.execute(insert_item, 2 * id + 1, "word", nullptr);
        });
        if (::write(pipe, &id, sizeof id) != sizeof id) ::_exit(1);
      }
    });
  }
  for (;;) ::pause();
}

/// Lets a child write for a random time, kills it, and adds what it reported.
void one_life(const TemporaryDirectory& directory, std::chrono::microseconds life,
              std::int64_t first, std::set<std::int64_t>& reported) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ends[0]);
    write_until_killed(directory, ends[1], first);
  }
  ::close(ends[1]);
  std::int64_t id = 0;
  // The life begins with the first report, however slow the machine is.
  if (::read(ends[0], &id, sizeof id) == sizeof id) reported.insert(id);
  std::this_thread::sleep_for(life);
  ::kill(child, SIGKILL);
  while (::read(ends[0], &id, sizeof id) == sizeof id) reported.insert(id);
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(Crash, WhatWasAnsweredSurvivesKillMinusNine) {
  constexpr int rounds = 30;
  const TemporaryDirectory directory;
  std::mt19937 random(20261122);
  std::set<std::int64_t> reported;
  for (int round = 0; round < rounds; ++round) {
    const std::chrono::microseconds life(random() % 30'000);
    ASSERT_NO_FATAL_FAILURE(one_life(directory, life, round * 1'000'000L, reported));
    const auto store = open_sqlite(options(directory));
    std::set<std::int64_t> rows_found;
    store->read([&](Transaction& tx) {
      auto rows = tx.query(list_items);
      while (rows.next()) rows_found.insert(rows.integer(0));
    });
    for (const auto id : reported) {
      ASSERT_TRUE(rows_found.contains(2 * id)) << "unit " << id << " was answered and is gone";
    }
    for (const auto row : rows_found) {
      ASSERT_TRUE(rows_found.contains(row ^ 1)) << "half of a unit is there";
    }
  }
  EXPECT_GT(reported.size(), static_cast<std::size_t>(rounds));
}

}  // namespace
}  // namespace vestibule::store
