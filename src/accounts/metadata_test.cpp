#include "accounts/metadata.h"

#include <gtest/gtest.h>

#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

class MetadataTest : public testing::Test, public TestWorld {
 protected:
  void set(base::UserId user, std::string_view key, std::string_view value = "v") {
    write([&](store::Transaction& tx) { set_metadata(tx, user, key, value, now()); });
  }
  std::vector<Metadata> list(base::UserId user) {
    return read([&](store::Transaction& tx) { return list_metadata(tx, user); });
  }
  std::vector<std::string> find(std::string_view prefix, std::optional<Tagged> after = {},
                                int limit = 10) {
    const auto tagged = read(
        [&](store::Transaction& tx) { return find_by_metadata_prefix(tx, prefix, after, limit); });
    std::vector<std::string> found;
    for (const auto& one : tagged) found.push_back(one.key + " " + base::to_string(one.user));
    return found;
  }
};

TEST_F(MetadataTest, ValuesAreBytesAndKeepTheirTimes) {
  const std::string bytes("\0\xff\n", 3);
  const auto created = now();
  set({1}, "k", "first");
  pass(base::Milliseconds(5));
  set({1}, "k", bytes);
  set({1}, "a");
  const auto all = list({1});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].key, "a");
  EXPECT_EQ(all[1].key, "k");
  EXPECT_EQ(all[1].value, bytes);
  EXPECT_EQ(all[1].created_at, created);
  EXPECT_EQ(all[1].changed_at, now());
  EXPECT_TRUE(list({2}).empty());
}

TEST_F(MetadataTest, DeletesOneKey) {
  set({1}, "k");
  set({2}, "k");
  write([&](store::Transaction& tx) {
    EXPECT_TRUE(delete_metadata(tx, {1}, "k"));
    EXPECT_FALSE(delete_metadata(tx, {1}, "k"));
    EXPECT_FALSE(delete_metadata(tx, {1}, "K"));
  });
  EXPECT_EQ(list({2}).size(), 1U);
}

TEST_F(MetadataTest, DeletesByPrefixExactly) {
  for (const auto* key : {"GUEST", "GUEST_", "GUEST_26_11_22", "GUEST_\xf4\x8f\xbf\xbf", "GUEST`",
                          "guest_26", "GUESS"}) {
    set({1}, key);
  }
  set({2}, "GUEST_26_11_22");
  write([&](store::Transaction& tx) { delete_metadata_by_prefix(tx, {1}, "GUEST_"); });
  std::vector<std::string> left;
  for (const auto& entry : list({1})) left.push_back(entry.key);
  EXPECT_EQ(left, (std::vector<std::string>{"GUESS", "GUEST", "GUEST`", "guest_26"}));
  EXPECT_EQ(list({2}).size(), 1U);
}

TEST_F(MetadataTest, FindsUsersByPrefixInPages) {
  set({3}, "GUEST_26_11_22");
  set({1}, "GUEST_26_11_21");
  set({1}, "GUEST_26_11_20");
  set({2}, "other");
  set({3}, "GUEST_26_11_20");
  using Found = std::vector<std::string>;
  EXPECT_EQ(find("GUEST_"), (Found{"GUEST_26_11_20 1", "GUEST_26_11_20 3", "GUEST_26_11_21 1",
                                   "GUEST_26_11_22 3"}));
  EXPECT_EQ(find("GUEST_", {}, 1), (Found{"GUEST_26_11_20 1"}));
  EXPECT_EQ(find("GUEST_", Tagged{"GUEST_26_11_20", {1}}, 2),
            (Found{"GUEST_26_11_20 3", "GUEST_26_11_21 1"}));
  EXPECT_EQ(find("GUEST_26_11_22"), (Found{"GUEST_26_11_22 3"}));
  EXPECT_TRUE(find("GUEST_25").empty());
}

TEST_F(MetadataTest, Limits) {
  EXPECT_TRUE(check_metadata("k", "v"));
  EXPECT_TRUE(check_metadata(std::string(200, 'k'), std::string(500'000, 'v')));
  EXPECT_EQ(check_metadata("", "v").error().field, "key");
  EXPECT_EQ(check_metadata(std::string(201, 'k'), "v").error().field, "key");
  EXPECT_EQ(check_metadata("\xff", "v").error().field, "key");
  EXPECT_EQ(check_metadata("a\tb", "v").error().field, "key");
  EXPECT_EQ(check_metadata("k", "").error().field, "value");
  EXPECT_EQ(check_metadata("k", std::string(500'001, 'v')).error().field, "value");
}

}  // namespace
}  // namespace vestibule::accounts
