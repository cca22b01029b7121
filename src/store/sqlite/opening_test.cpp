#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>

#include "store/contract_test.h"
#include "store/sqlite.h"
#include "store/testing.h"

namespace vestibule::store {
namespace {

using testing::HasSubstr;

constexpr Statement count_tables(
    "tables", "select count(*) from sqlite_schema where type = 'table' and name = $1");
constexpr Statement schema_version("version",
                                   "select count(*), max(version), max(applied_at) "
                                   "from schema_migrations");

class Opening : public testing::Test {
 protected:
  std::unique_ptr<Store> open(std::span<const Migration> steps) {
    return open_sqlite({.path = directory_.path() / "x.db",
                        .opened_at = base::from_milliseconds(1234),
                        .migrations = steps});
  }
  std::string refusal(std::span<const Migration> steps) {
    try {
      open(steps);
    } catch (const Unavailable& error) {
      return error.what();
    }
    return "opened";
  }
  static std::int64_t version(Store& store) {
    return store.read([](Transaction& tx) {
      auto rows = tx.query(schema_version);
      rows.next();
      EXPECT_EQ(rows.integer(0), rows.integer(1)) << "every step left its row";
      EXPECT_EQ(rows.time(2), base::from_milliseconds(1234));
      return rows.integer(1);
    });
  }
  static bool has_table(Store& store, std::string_view name) {
    return store.read([&](Transaction& tx) {
      auto rows = tx.query(count_tables, name);
      rows.next();
      return rows.integer(0) == 1;
    });
  }

  TemporaryDirectory directory_;
};

TEST_F(Opening, MigratesFromEveryEarlierVersion) {
  const auto steps = migrations();
  ASSERT_FALSE(steps.empty());
  for (std::size_t from = 0; from <= steps.size(); ++from) {
    const TemporaryDirectory directory;
    const SqliteOptions earlier{.path = directory.path() / "x.db",
                                .opened_at = base::from_milliseconds(1234),
                                .migrations = steps.first(from)};
    open_sqlite(earlier);
    auto options = earlier;
    options.migrations = steps;
    const auto store = open_sqlite(options);
    EXPECT_EQ(version(*store), steps.back().version);
    EXPECT_TRUE(has_table(*store, "users"));
  }
}

TEST_F(Opening, TakesOnlyTheStepsThatAreMissing) {
  constexpr std::array steps{Migration{1, "0001_a", "create table a (x integer)"},
                             Migration{2, "0002_b", "create table b (x integer)"}};
  open(std::span(steps).first(1));
  const auto store = open(steps);
  EXPECT_EQ(version(*store), 2);
  EXPECT_TRUE(has_table(*store, "b"));
}

TEST_F(Opening, RefusesASchemaFromTheFuture) {
  constexpr std::array steps{Migration{1, "0001_a", "create table a (x integer)"},
                             Migration{2, "0002_b", "create table b (x integer)"}};
  open(steps);
  EXPECT_THAT(refusal(std::span(steps).first(1)),
              HasSubstr("schema is version 2 and this program knows 1"));
}

TEST_F(Opening, AFailedStepLeavesNothing) {
  constexpr std::array steps{
      Migration{1, "0001_a", "create table a (x integer)"},
      Migration{2, "0002_b", "create table b (x integer); insert into nowhere values (1)"}};
  EXPECT_THAT(refusal(steps), HasSubstr("0002_b"));
  EXPECT_THAT(refusal(steps), HasSubstr("nowhere"));
  const auto store = open(std::span(steps).first(1));
  EXPECT_EQ(version(*store), 1);
  EXPECT_TRUE(has_table(*store, "a"));
  EXPECT_FALSE(has_table(*store, "b"));
}

TEST_F(Opening, TwoNeverHoldOneDirectory) {
  {
    const auto store = open(migrations());
    EXPECT_THAT(refusal(migrations()),
                HasSubstr("is in use by process " + std::to_string(::getpid())));
  }
  EXPECT_EQ(refusal(migrations()), "opened");
}

TEST_F(Opening, NamesAFileThatIsNotADatabase) {
  {
    std::ofstream file(directory_.path() / "x.db");
    file << std::string(8192, 'x');
  }
  EXPECT_THAT(refusal(migrations()), HasSubstr("not a database"));
}

TEST_F(Opening, NamesADirectoryThatIsNotThere) {
  const auto missing = directory_.path() / "missing" / "x.db";
  try {
    open_sqlite({.path = missing});
    FAIL();
  } catch (const Unavailable& error) {
    EXPECT_THAT(error.what(), HasSubstr("missing"));
    EXPECT_THAT(error.what(), HasSubstr("No such file or directory"));
  }
}

}  // namespace
}  // namespace vestibule::store
