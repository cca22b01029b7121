#include <gtest/gtest.h>

#include "store/contract_test.h"
#include "store/sqlite.h"
#include "store/sqlite/faulty_vfs.h"
#include "store/sqlite/test_schema.h"
#include "store/testing.h"

namespace vestibule::store {
namespace {

using sqlite::FaultyVfs;

class Faults : public testing::Test {
 protected:
  ~Faults() override { heal(); }

  static void heal() {
    FaultyVfs::fail_wal_sync = false;
    FaultyVfs::fail_next_wal_sync = false;
    FaultyVfs::wal_is_full = false;
    FaultyVfs::fail_database_sync = false;
  }

  /// Submits two units that make one group, with the fault switched on, and expects both refused.
  void expect_group_lost(std::atomic<bool>& fault) {
    std::vector<std::future<void>> units;
    {
      Gate gate(*store_);
      units.push_back(submit(*store_, inserting(1)));
      units.push_back(submit(*store_, [](Transaction& tx) {
        tx.execute(insert_item, 2, "word", nullptr);
        return Outcome::roll_back;
      }));
      fault = true;
      gate.open();
    }
    for (auto& unit : units) EXPECT_THROW(unit.get(), Unavailable);
  }

  /// What a machine that lost its power now would find: the files as they are, opened elsewhere.
  std::int64_t count_after_crash() {
    const TemporaryDirectory copy;
    for (const auto* name : {"items.db", "items.db-wal"}) {
      if (!std::filesystem::exists(directory_.path() / name)) continue;
      std::filesystem::copy(directory_.path() / name, copy.path() / name);
    }
    const auto store = open_sqlite({.path = copy.path() / "items.db", .migrations = items_schema});
    return count(*store);
  }

  std::unique_ptr<Store> open(std::int64_t max_pages = 0) {
    return open_sqlite({.path = directory_.path() / "items.db",
                        .migrations = items_schema,
                        .vfs = FaultyVfs::name(),
                        .max_pages = max_pages});
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_ = open();
};

TEST_F(Faults, AFailedFsyncRefusesTheWholeGroupAndItNeverComesBack) {
  insert(*store_, 0);
  expect_group_lost(FaultyVfs::fail_wal_sync);
  EXPECT_EQ(count(*store_), 1);
  EXPECT_THROW(insert(*store_, 3), Unavailable);
  heal();
  insert(*store_, 4);
  EXPECT_EQ(count(*store_), 2);
  EXPECT_EQ(count_after_crash(), 2);
  store_.reset();
  store_ = open();
  EXPECT_EQ(count(*store_), 2);
}

TEST_F(Faults, NothingOfARefusedCommitIsLeftOnceItsCallersHear) {
  insert(*store_, 0);
  // The disk fails once: for the commit, and not for what the store does about it.
  FaultyVfs::fail_next_wal_sync = true;
  EXPECT_THROW(insert(*store_, 1), Unavailable);
  EXPECT_EQ(count_after_crash(), 1);
  insert(*store_, 1);
  EXPECT_EQ(count_after_crash(), 2);
}

TEST_F(Faults, AFullDiskRefusesAndTheStoreGoesOnOnceThereIsRoom) {
  insert(*store_, 0);
  expect_group_lost(FaultyVfs::wal_is_full);
  EXPECT_EQ(count(*store_), 1);
  heal();
  insert(*store_, 1);
  EXPECT_EQ(count(*store_), 2);
  EXPECT_EQ(count_after_crash(), 2);
}

TEST_F(Faults, AFullFileLosesOneGroupOnly) {
  static constexpr Statement remove("remove", "delete from items");
  store_.reset();
  store_ = open(20);
  const std::string big(200'000, 'x');
  insert(*store_, 0);
  const auto too_much = [&](Transaction& tx) { tx.execute(insert_item, 1, "word", Blob{big}); };
  EXPECT_THROW(store_->write(too_much), Unavailable);
  EXPECT_EQ(count(*store_), 1);
  insert(*store_, 2);
  EXPECT_EQ(count(*store_), 2);
  store_->write([](Transaction& tx) { tx.execute(remove); });
  EXPECT_EQ(count(*store_), 0);
}

TEST_F(Faults, AUnitThatSwallowsTheLossIsLostAsWell) {
  FaultyVfs::wal_is_full = true;
  const std::string big(40'000'000, 'x');
  const auto stubborn = [&](Transaction& tx) {
    // More than the page cache holds, so that the write reaches the disk inside the unit.
    EXPECT_THROW(tx.execute(insert_item, 1, "word", Blob{big}), Unavailable);
    EXPECT_THROW(tx.execute(insert_item, 2, "word", nullptr), Unavailable);
  };
  EXPECT_THROW(store_->write(stubborn), Unavailable);
  heal();
  EXPECT_EQ(count(*store_), 0);
}

TEST_F(Faults, ACheckpointThatFailsLosesNothing) {
  FaultyVfs::fail_database_sync = true;
  // 200 pages a unit: long enough for background checkpoints and for the writer's own.
  const std::string pages(800'000, 'x');
  constexpr int kept = 40;
  for (int i = 0; i < kept; ++i) {
    store_->write([&](Transaction& tx) { tx.execute(insert_item, i, pages, nullptr); });
  }
  EXPECT_EQ(count(*store_), kept);
  EXPECT_EQ(count_after_crash(), kept);
  heal();
  store_.reset();
  store_ = open();
  EXPECT_EQ(count(*store_), kept);
}

}  // namespace
}  // namespace vestibule::store
