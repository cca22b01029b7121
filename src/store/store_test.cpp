#include <gtest/gtest.h>

#include "store/testing.h"

namespace vestibule::store {
namespace {

constexpr Statement insert_meta("meta.insert", "insert into meta (key, value) values ($1, $2)");
constexpr Statement find_meta("meta.find", "select value from meta where key = $1");

TEST(OpenTemporary, KeepsWhatWasWritten) {
  const auto store = open_temporary();
  store->write([](Transaction& tx) { tx.execute(insert_meta, "colour", "green"); });
  const auto colour = store->read([](Transaction& tx) {
    auto rows = tx.query(find_meta, "colour");
    return rows.next() ? std::optional(std::string(rows.text(0))) : std::nullopt;
  });
  EXPECT_EQ(colour, "green");
}

}  // namespace
}  // namespace vestibule::store
