#include "store/backup.h"

#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "store/contract_test.h"
#include "store/sqlite.h"
#include "store/sqlite/test_schema.h"
#include "store/testing.h"

namespace vestibule::store {
namespace {

namespace fs = std::filesystem;

constexpr Statement count_items{"count", "select count(*), coalesce(max(id), -1) from items"};

class BackupOfAStore : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    return open_sqlite({.path = database_, .migrations = items_schema});
  }
  std::pair<std::int64_t, std::int64_t> count_in(const fs::path& file) {
    std::pair<std::int64_t, std::int64_t> counted;
    inspect_database(file, [&](Transaction& tx) {
      EXPECT_TRUE(check_integrity(tx).empty());
      auto rows = tx.query(count_items);
      rows.next();
      counted = {rows.integer(0), rows.integer(1)};
    });
    return counted;
  }

  TemporaryDirectory directory_;
  const fs::path database_ = directory_.path() / "items.db";
  const fs::path copy_ = directory_.path() / "copy.db";
};

bool go_on(std::int64_t, std::int64_t) {
  return true;
}

TEST_F(BackupOfAStore, HasAllThatWasCommittedWhenItBegan) {
  const auto store = open();
  for (int i = 0; i < 100; ++i) insert(*store, i);
  EXPECT_TRUE(copy_database(database_, copy_, go_on));
  insert(*store, 100);
  EXPECT_EQ(count_in(copy_), std::pair(std::int64_t{100}, std::int64_t{99}));
  EXPECT_FALSE(fs::exists(copy_.string() + "-wal"));
  EXPECT_FALSE(fs::exists(copy_.string() + "-journal"));
}

TEST_F(BackupOfAStore, IsOneSnapshotWhileOthersWrite) {
  const auto store = open();
  const std::string page(100'000, 'x');
  for (int i = 0; i < 100; ++i) {
    store->write([&](Transaction& tx) { tx.execute(insert_item, i, page, nullptr); });
  }
  int next = 100;
  std::int64_t told = 0;
  EXPECT_TRUE(copy_database(database_, copy_, [&](std::int64_t done, std::int64_t total) {
    EXPECT_LE(done, total);
    told = done;
    insert(*store, next++);
    return true;
  }));
  EXPECT_GT(next, 105);
  EXPECT_GT(told, 2000);
  EXPECT_EQ(count_in(copy_), std::pair(std::int64_t{100}, std::int64_t{99}));
}

TEST_F(BackupOfAStore, IsGivenUpWhenAsked) {
  const auto store = open();
  const std::string page(3'000'000, 'x');
  store->write([&](Transaction& tx) { tx.execute(insert_item, 1, page, nullptr); });
  EXPECT_FALSE(copy_database(database_, copy_, [](auto, auto) { return false; }));
}

TEST_F(BackupOfAStore, FailsWithoutASourceOrAPlace) {
  EXPECT_THROW(copy_database(directory_.path() / "none.db", copy_, go_on), Unavailable);
  const auto store = open();
  EXPECT_THROW(copy_database(database_, directory_.path() / "none" / "copy.db", go_on),
               Unavailable);
}

TEST_F(BackupOfAStore, WhatIsNoDatabaseIsNotInspected) {
  std::ofstream(copy_) << std::string(10'000, 'z');
  EXPECT_THROW(inspect_database(copy_, [](Transaction& tx) { check_integrity(tx); }), Unavailable);
  EXPECT_THROW(inspect_database(directory_.path() / "none.db", [](Transaction&) {}), Unavailable);
}

TEST_F(BackupOfAStore, DamageIsFound) {
  {
    const auto store = open();
    const std::string page(100'000, 'x');
    for (int i = 0; i < 50; ++i) {
      store->write([&](Transaction& tx) { tx.execute(insert_item, i, page, nullptr); });
    }
    copy_database(database_, copy_, go_on);
  }
  {
    std::fstream file(copy_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(3 * 4096);
    file << std::string(8192, '\xff');
  }
  bool found = false;
  try {
    inspect_database(copy_, [&](Transaction& tx) { found = !check_integrity(tx).empty(); });
  } catch (const Unavailable&) {
    found = true;
  }
  EXPECT_TRUE(found);
}

TEST_F(BackupOfAStore, NumbersAreRaisedAndNeverLowered) {
  static constexpr std::array schema{
      Migration{1, "0001_numbers", "create table numbers (id integer primary key autoincrement);"}};
  static constexpr Statement add{"add", "insert into numbers default values returning id"};
  const auto store = open_sqlite({.path = database_, .migrations = schema});
  const auto next = [&] {
    return store->write([](Transaction& tx) {
      auto rows = tx.query(add);
      rows.next();
      return rows.integer(0);
    });
  };
  store->write([](Transaction& tx) { raise_last_number(tx, "numbers", 1000); });
  EXPECT_EQ(next(), 1001);
  store->write([](Transaction& tx) { raise_last_number(tx, "numbers", 10); });
  EXPECT_EQ(next(), 1002);
  store->read([](Transaction& tx) {
    EXPECT_EQ(last_number(tx, "numbers"), 1002);
    EXPECT_EQ(last_number(tx, "others"), 0);
    EXPECT_EQ(schema_version(tx), 1);
  });
}

}  // namespace
}  // namespace vestibule::store
