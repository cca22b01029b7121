#include <gtest/gtest.h>

#include "guests/merge_parts.h"
#include "store/migrations.h"
#include "store/sqlite.h"
#include "store/testing.h"

namespace vestibule::guests {
namespace {

using namespace std::chrono_literals;

constexpr store::Statement insert_merge{
    "test.merges",
    "insert into merges (id, source_id, target_id, source_subject, target_subject, state,"
    " requested_at, deadline_at, finished_at) values ($1, $1, 9, $2, 'nine', $3, 1000, 2000, $4)"};
constexpr store::Statement insert_wait{
    "test.waits", "insert into merge_waits (merge_id, application) values ($1, $2)"};
constexpr store::Statement insert_alias{
    "test.aliases",
    "insert into aliases (old_subject, new_subject, merged_at) values ('two', 'nine', 1500)"};

// What a merge waited for before migration 6 it waits for afterwards.
TEST(MergeMigration, keeps_what_is_waited_for) {
  const store::TemporaryDirectory directory;
  store::SqliteOptions options;
  options.path = directory.path() / "vestibule.db";
  const auto all = options.migrations;
  options.migrations = all.first(5);
  store::open_sqlite(options)->write([](store::Transaction& tx) {
    tx.execute(insert_merge, 1, "one", 1, nullptr);
    tx.execute(insert_merge, 2, "two", 3, 1500);
    tx.execute(insert_wait, 1, "shop");
    tx.execute(insert_wait, 1, "loyalty");
    tx.execute(insert_alias);
  });

  options.migrations = all;
  const auto store = store::open_sqlite(options);
  store->read([](store::Transaction& tx) {
    const auto parts = list_parts(tx, base::MergeId{1});
    ASSERT_EQ(parts.size(), 2u);
    EXPECT_EQ(parts[0].application, "loyalty");
    EXPECT_EQ(parts[1].application, "shop");
    for (const auto& part : parts) {
      EXPECT_EQ(part.requested_at, base::Time{1s});
      EXPECT_FALSE(part.delivered_at);
      EXPECT_FALSE(part.acknowledged_at);
    }
    EXPECT_EQ(list_open_merges(tx, "shop", 10).size(), 1u);
    EXPECT_TRUE(list_parts(tx, base::MergeId{2}).empty());
    EXPECT_FALSE(find_alias(tx, "shop", "two")) << "who took part is not known";
  });
}

}  // namespace
}  // namespace vestibule::guests
