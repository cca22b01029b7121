#include "merging.h"

#include <gmock/gmock.h>

#include "belongings.h"
#include "fixture.h"
#include "orders.h"

namespace vestibule::shop {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class MergingTest : public StoreTest {
 protected:
  template <class Work>
  void write(Work work) {
    auto transaction = store.write();
    work(transaction);
    transaction.commit();
  }
  base::Result<void> merge(std::string_view id, std::string_view source, std::string_view target) {
    auto transaction = store.write();
    auto done = take_over(transaction, {id, source, target}, MergeRule::sum, clock.now());
    if (done) transaction.commit();
    return done;
  }
  void add(std::string_view sub, std::string_view product, std::int64_t quantity) {
    write(
        [&](Transaction& t) { ASSERT_TRUE(add_to_cart(t, sub, product, quantity, clock.now())); });
  }
  std::int64_t items(std::string_view sub) {
    auto transaction = store.read();
    std::int64_t total = 0;
    for (const auto& line : load_cart(transaction, sub)) total += line.quantity;
    return total;
  }
};

TEST_F(MergingTest, FollowsTheRuleOfEachKindOfData) {
  write([&](Transaction& t) {
    ASSERT_TRUE(add_wish(t, "guest", "lamp"));
    ASSERT_TRUE(add_wish(t, "guest", "mug"));
    ASSERT_TRUE(add_wish(t, "account", "mug"));
    record_view(t, "guest", "bowl", base::from_milliseconds(50));
    record_view(t, "guest", "vase", base::from_milliseconds(40));
    record_view(t, "account", "vase", base::from_milliseconds(60));
    record_view(t, "account", "bowl", base::from_milliseconds(10));
    ASSERT_TRUE(save_note(t, "guest", "from the guest", clock.now()));
    ASSERT_TRUE(save_note(t, "account", "from the account", clock.now()));
    save_contact(t, "guest", {"Guest", "Guest street"});
    save_contact(t, "account", {"Account", "Account street"});
  });
  ASSERT_TRUE(merge("m1", "guest", "account"));
  auto transaction = store.read();
  EXPECT_THAT(load_wishes(transaction, "account"), ElementsAre("lamp", "mug"));
  EXPECT_THAT(load_views(transaction, "account"), ElementsAre("vase", "bowl"));
  EXPECT_EQ(load_note(transaction, "account"), "from the account");
  EXPECT_EQ(find_contact(transaction, "account")->address, "Account street");
  EXPECT_THAT(load_wishes(transaction, "guest"), IsEmpty());
  EXPECT_THAT(load_views(transaction, "guest"), IsEmpty());
  EXPECT_EQ(load_note(transaction, "guest"), "");
  EXPECT_FALSE(find_contact(transaction, "guest"));
}

TEST_F(MergingTest, TakesTheGuestsNoteWhereTheAccountHasNone) {
  write([&](Transaction& t) { ASSERT_TRUE(save_note(t, "guest", "hello", clock.now())); });
  ASSERT_TRUE(merge("m1", "guest", "account"));
  auto transaction = store.read();
  EXPECT_EQ(load_note(transaction, "account"), "hello");
}

TEST_F(MergingTest, NeverGivesTheGuestsAddressToTheAccount) {
  write([&](Transaction& t) { save_contact(t, "guest", {"Guest", "Guest street"}); });
  ASSERT_TRUE(merge("m1", "guest", "account"));
  auto transaction = store.read();
  EXPECT_FALSE(find_contact(transaction, "account"));
}

TEST_F(MergingTest, KeepsEveryOrder) {
  add("guest", "lamp", 1);
  add("account", "mug", 1);
  write([&](Transaction& t) {
    ASSERT_TRUE(place_order(t, "guest", {"G", "1"}, clock.now()));
    ASSERT_TRUE(place_order(t, "account", {"A", "2"}, clock.now()));
  });
  ASSERT_TRUE(merge("m1", "guest", "account"));
  auto transaction = store.read();
  const auto orders = load_orders(transaction, "account");
  ASSERT_EQ(orders.size(), 2U);
  EXPECT_EQ(orders[0].contact.name, "A");
  EXPECT_EQ(orders[1].contact.name, "G");
  EXPECT_EQ(orders[1].lines.at(0).product_id, "lamp");
  EXPECT_THAT(load_orders(transaction, "guest"), IsEmpty());
}

TEST_F(MergingTest, ToldTwiceIsDoneOnce) {
  add("guest", "lamp", 2);
  add("account", "lamp", 3);
  ASSERT_TRUE(merge("m1", "guest", "account"));
  ASSERT_TRUE(merge("m1", "guest", "account"));
  EXPECT_EQ(items("account"), 5);
}

TEST_F(MergingTest, RefusesAMergeIdThatStandsForAnotherMerge) {
  ASSERT_TRUE(merge("m1", "guest", "account"));
  EXPECT_EQ(merge("m1", "other", "account").error().reason, "merge_id_reused");
}

TEST_F(MergingTest, RefusesToMergeASourceTwice) {
  ASSERT_TRUE(merge("m1", "guest", "account"));
  EXPECT_EQ(merge("m2", "guest", "other").error().reason, "already_merged");
}

TEST_F(MergingTest, RefusesASubIntoItself) {
  EXPECT_EQ(merge("m1", "guest", "guest").error().reason, "same_sub");
}

TEST_F(MergingTest, RefusesACircle) {
  ASSERT_TRUE(merge("m1", "guest", "account"));
  EXPECT_EQ(merge("m2", "account", "guest").error().reason, "merge_cycle");
  add("account", "mug", 1);
  EXPECT_EQ(items("account"), 1);
}

TEST_F(MergingTest, FollowsATargetThatWasMergedAway) {
  add("second", "mug", 4);
  ASSERT_TRUE(merge("m1", "first", "account"));
  ASSERT_TRUE(merge("m2", "second", "first"));
  EXPECT_EQ(items("account"), 4);
}

TEST_F(MergingTest, DoesNotPourACartIntoADroppedAccount) {
  add("guest", "mug", 4);
  write([&](Transaction& t) { drop(t, "account", clock.now()); });
  EXPECT_EQ(merge("m1", "guest", "account").error().reason, "sub_dropped");
  EXPECT_EQ(items("guest"), 4);
}

TEST_F(MergingTest, RefusesLateWritesOfTheSource) {
  ASSERT_TRUE(merge("m1", "guest", "account"));
  const auto late = store.write_for("guest");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, "merged");
  EXPECT_EQ(late.error().kind, base::ErrorKind::conflict);
  EXPECT_TRUE(store.write_for("account"));
}

TEST_F(MergingTest, DropTakesEverythingAndNothingComesBack) {
  add("guest", "lamp", 2);
  add("guest", "mug", 2);
  write([&](Transaction& t) {
    ASSERT_TRUE(place_order(t, "guest", {"G", "1"}, clock.now()));
    ASSERT_TRUE(add_wish(t, "guest", "lamp"));
    record_view(t, "guest", "bowl", clock.now());
    ASSERT_TRUE(add_to_cart(t, "guest", "vase", 1, clock.now()));
    ASSERT_TRUE(save_note(t, "guest", "note", clock.now()));
  });
  add("account", "mug", 1);
  write([&](Transaction& t) { drop(t, "guest", clock.now()); });
  write([&](Transaction& t) { drop(t, "guest", clock.now()); });
  EXPECT_EQ(store.write_for("guest").error().reason, "purged");
  auto transaction = store.read();
  for (const char* table : {"cart_items", "wishes", "views", "notes", "contacts", "orders"}) {
    const auto sql = std::string("select count(*) from ") + table + " where sub = 'guest'";
    EXPECT_EQ(transaction.find_text(sql.c_str(), {}), "0") << table;
  }
  EXPECT_EQ(transaction.find_text("select count(*) from order_lines", {}), "0");
  EXPECT_EQ(load_cart(transaction, "account").size(), 1U);
}

TEST_F(MergingTest, AMergedSourceThatIsThenDeletedStaysMerged) {
  ASSERT_TRUE(merge("m1", "guest", "account"));
  write([&](Transaction& t) { drop(t, "guest", clock.now()); });
  EXPECT_EQ(store.write_for("guest").error().reason, "merged");
  ASSERT_TRUE(merge("m1", "guest", "account"));
}

TEST_F(MergingTest, OrdersOnceAndOnlyWhatIsThere) {
  add("guest", "lamp", 2);
  write([&](Transaction& t) {
    EXPECT_EQ(place_order(t, "guest", {" ", "1"}, clock.now()).error().field, "name");
    EXPECT_EQ(place_order(t, "guest", {"G", ""}, clock.now()).error().field, "address");
    const auto placed = place_order(t, "guest", {" G ", "1 Road\nTown"}, clock.now());
    ASSERT_TRUE(placed);
    EXPECT_EQ(placed->total_cents, 23'800);
    EXPECT_EQ(placed->contact.name, "G");
    EXPECT_EQ(place_order(t, "guest", {"G", "1"}, clock.now()).error().reason, "cart_empty");
  });
}

}  // namespace
}  // namespace vestibule::shop
