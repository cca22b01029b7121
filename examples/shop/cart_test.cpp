#include "cart.h"

#include "fixture.h"

namespace vestibule::shop {
namespace {

constexpr base::Time early{base::Milliseconds{1000}};
constexpr base::Time late{base::Milliseconds{2000}};

class CartTest : public StoreTest {
 protected:
  std::int64_t quantity(std::string_view sub, std::string_view product) {
    auto transaction = store.read();
    for (const auto& line : load_cart(transaction, sub))
      if (line.product_id == product) return line.quantity;
    return 0;
  }
  void put(std::string_view sub, std::string_view product, std::int64_t quantity, base::Time at) {
    auto transaction = store.write();
    ASSERT_TRUE(add_to_cart(transaction, sub, product, quantity, at));
    transaction.commit();
  }
  void merge(MergeRule rule) {
    auto transaction = store.write();
    merge_carts(transaction, "guest", "account", rule);
    transaction.commit();
  }
};

TEST(MergeRules, AreReadByName) {
  EXPECT_EQ(parse_merge_rule("sum"), MergeRule::sum);
  EXPECT_EQ(parse_merge_rule("max"), MergeRule::max);
  EXPECT_EQ(parse_merge_rule("guest"), MergeRule::guest);
  EXPECT_EQ(parse_merge_rule("account"), MergeRule::account);
  EXPECT_EQ(parse_merge_rule("newest"), MergeRule::newest);
  EXPECT_FALSE(parse_merge_rule("Sum"));
  EXPECT_FALSE(parse_merge_rule(""));
}

TEST(MergeRules, DecideAboutOneLine) {
  const CartLine guest{"vase", 2, late};
  const CartLine account{"vase", 5, early};
  EXPECT_EQ(merge_lines(MergeRule::sum, guest, account).quantity, 7);
  EXPECT_EQ(merge_lines(MergeRule::max, guest, account).quantity, 5);
  EXPECT_EQ(merge_lines(MergeRule::guest, guest, account).quantity, 2);
  EXPECT_EQ(merge_lines(MergeRule::account, guest, account).quantity, 5);
  EXPECT_EQ(merge_lines(MergeRule::newest, guest, account).quantity, 2);
  EXPECT_EQ(merge_lines(MergeRule::sum, guest, account).updated_at, late);
}

TEST(MergeRules, NewestPrefersTheAccountOnATie) {
  EXPECT_EQ(merge_lines(MergeRule::newest, {"vase", 2, late}, {"vase", 5, late}).quantity, 5);
}

TEST(MergeRules, NeverExceedTheMost) {
  EXPECT_EQ(merge_lines(MergeRule::sum, {"vase", 60, early}, {"vase", 60, early}).quantity, 99);
}

TEST_F(CartTest, AddsUp) {
  put("guest", "vase", 2, early);
  put("guest", "vase", 3, late);
  EXPECT_EQ(quantity("guest", "vase"), 5);
  EXPECT_EQ(quantity("somebody else", "vase"), 0);
}

TEST_F(CartTest, IsFullAtNinetyNine) {
  put("guest", "vase", 98, early);
  put("guest", "vase", 98, early);
  EXPECT_EQ(quantity("guest", "vase"), 99);
}

TEST_F(CartTest, RefusesWhatItCannotHold) {
  auto transaction = store.write();
  EXPECT_EQ(add_to_cart(transaction, "guest", "vase", 0, early).error().reason, "bad_quantity");
  EXPECT_EQ(add_to_cart(transaction, "guest", "vase", 100, early).error().reason, "bad_quantity");
  EXPECT_EQ(add_to_cart(transaction, "guest", "vase", -1, early).error().reason, "bad_quantity");
  EXPECT_EQ(add_to_cart(transaction, "guest", "yacht", 1, early).error().reason, "no_such_product");
  EXPECT_EQ(set_quantity(transaction, "guest", "vase", 1, early).error().reason, "no_such_line");
  EXPECT_TRUE(load_cart(transaction, "guest").empty());
}

TEST_F(CartTest, ForgetsWhatWasNotCommitted) {
  {
    auto transaction = store.write();
    ASSERT_TRUE(add_to_cart(transaction, "guest", "vase", 1, early));
  }
  EXPECT_EQ(quantity("guest", "vase"), 0);
}

TEST_F(CartTest, SurvivesReopening) {
  put("guest", "vase", 4, early);
  Store again(directory.path());
  auto transaction = again.read();
  EXPECT_EQ(load_cart(transaction, "guest"), (std::vector{CartLine{"vase", 4, early}}));
}

TEST_F(CartTest, MergeKeepsWhatOnlyOneOfTheTwoHas) {
  for (const auto rule :
       {MergeRule::sum, MergeRule::max, MergeRule::guest, MergeRule::account, MergeRule::newest}) {
    put("guest", "lamp", 1, early);
    put("account", "mug", 2, early);
    merge(rule);
    EXPECT_EQ(quantity("account", "lamp"), 1);
    EXPECT_EQ(quantity("account", "mug"), 2);
    EXPECT_EQ(quantity("guest", "lamp"), 0);
    auto transaction = store.write();
    remove_from_cart(transaction, "account", "lamp");
    remove_from_cart(transaction, "account", "mug");
    transaction.commit();
  }
}

TEST_F(CartTest, MergeAppliesTheRuleToWhatBothHave) {
  put("guest", "lamp", 2, late);
  put("account", "lamp", 5, early);
  merge(MergeRule::sum);
  EXPECT_EQ(quantity("account", "lamp"), 7);
  EXPECT_EQ(quantity("guest", "lamp"), 0);
}

}  // namespace
}  // namespace vestibule::shop
