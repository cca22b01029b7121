#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>

#include "belongings.h"
#include "catalogue.h"
#include "fixture.h"
#include "merging.h"
#include "orders.h"

namespace vestibule::shop {
namespace {

/// What somebody has: a quantity and a time for each product in the cart, wishes, views.
struct Things {
  std::map<std::string, CartLine> cart;
  std::vector<std::string> wishes;
  std::map<std::string, std::int64_t> views;
  std::int64_t orders = 0;
};

rc::Gen<std::string> any_product() {
  return rc::gen::map(rc::gen::inRange<std::size_t>(0, catalogue().size()),
                      [](std::size_t index) { return std::string(catalogue()[index].id); });
}

/// Times are odd for one person and even for the other, so that "newest" has no tie: on a tie the
/// account's line wins, which is no promise about the order of merges.
Things any_things(std::int64_t parity) {
  Things things;
  const auto time = rc::gen::map(rc::gen::inRange<std::int64_t>(0, 20),
                                 [parity](std::int64_t n) { return 3 * n + parity; });
  for (const auto& product : *rc::gen::container<std::vector<std::string>>(any_product())) {
    const auto quantity = *rc::gen::inRange<std::int64_t>(1, max_quantity + 1);
    things.cart[product] = {product, quantity, base::from_milliseconds(*time)};
  }
  things.wishes = *rc::gen::container<std::vector<std::string>>(any_product());
  for (const auto& product : *rc::gen::container<std::vector<std::string>>(any_product())) {
    things.views[product] = *time;
  }
  things.orders = *rc::gen::inRange<std::int64_t>(0, 3);
  return things;
}

void give(Transaction& transaction, std::string_view sub, const Things& things) {
  for (std::int64_t i = 0; i < things.orders; ++i) {
    RC_ASSERT(add_to_cart(transaction, sub, catalogue()[0].id, 1, {}).has_value());
    RC_ASSERT(place_order(transaction, sub, {"Ada", "Street 1"}, {}).has_value());
  }
  for (const auto& [product, line] : things.cart) {
    RC_ASSERT(add_to_cart(transaction, sub, product, line.quantity, line.updated_at).has_value());
  }
  for (const auto& product : things.wishes) {
    RC_ASSERT(add_wish(transaction, sub, product).has_value());
  }
  for (const auto& [product, at] : things.views) {
    record_view(transaction, sub, product, base::from_milliseconds(at));
  }
}

/// Everything that a merge is about, as it stands for `sub`.
struct Held {
  std::vector<CartLine> cart;
  std::vector<std::string> wishes;
  std::vector<std::string> views;
  std::size_t orders = 0;
  bool operator==(const Held&) const = default;
};

Held held(Transaction& transaction, std::string_view sub) {
  return {load_cart(transaction, sub), load_wishes(transaction, sub), load_views(transaction, sub),
          load_orders(transaction, sub).size()};
}

class MergingProperty : public StoreTest {
 protected:
  /// What the account has after the guests `first` and `second` came home in this order. Nothing is
  /// committed, so that each run begins with an empty shop.
  Held merged(const std::map<std::string, Things>& people, std::string_view first,
              std::string_view second, MergeRule rule) {
    auto transaction = store.write();
    for (const auto& [sub, things] : people) give(transaction, sub, things);
    for (const auto source : {first, second}) {
      const auto id = "merge of " + std::string(source);
      RC_ASSERT(take_over(transaction, {id, source, "account"}, rule, clock.now()).has_value());
      RC_ASSERT(held(transaction, source) == Held{});
    }
    return held(transaction, "account");
  }
};

const auto all_rules = {MergeRule::sum, MergeRule::max, MergeRule::guest, MergeRule::account,
                        MergeRule::newest};

TEST_F(MergingProperty, TheOrderOfTwoGuestsDoesNotMatter) {
  EXPECT_TRUE(rc::check([&] {
    const std::map<std::string, Things> people{
        {"account", any_things(0)}, {"one", any_things(1)}, {"two", any_things(2)}};
    for (const auto rule : {MergeRule::sum, MergeRule::max, MergeRule::newest}) {
      RC_ASSERT(merged(people, "one", "two", rule) == merged(people, "two", "one", rule));
    }
  }));
}

TEST_F(MergingProperty, NothingIsDropped) {
  EXPECT_TRUE(rc::check([&] {
    const std::map<std::string, Things> people{
        {"account", any_things(0)}, {"one", any_things(1)}, {"two", any_things(2)}};
    for (const auto rule : all_rules) {
      const auto after = merged(people, "one", "two", rule);
      std::size_t orders = 0;
      for (const auto& [sub, things] : people) {
        orders += static_cast<std::size_t>(things.orders);
        for (const auto& [product, line] : things.cart) {
          const auto found = std::ranges::find(after.cart, product, &CartLine::product_id);
          RC_ASSERT(found != after.cart.end());
          RC_ASSERT(found->quantity >= 1 && found->quantity <= max_quantity);
          if (rule == MergeRule::sum || rule == MergeRule::max) {
            RC_ASSERT(found->quantity >= line.quantity);
          }
        }
        for (const auto& product : things.wishes) {
          RC_ASSERT(std::ranges::find(after.wishes, product) != after.wishes.end());
        }
      }
      RC_ASSERT(after.orders == orders);
    }
  }));
}

TEST_F(MergingProperty, ALineThatBothHaveFollowsItsRule) {
  EXPECT_TRUE(rc::check([] {
    const auto line = [] {
      return CartLine{"lamp", *rc::gen::inRange<std::int64_t>(1, max_quantity + 1),
                      base::from_milliseconds(*rc::gen::inRange<std::int64_t>(0, 5))};
    };
    const auto guest = line();
    const auto account = line();
    const auto quantity = [&](MergeRule rule) {
      return merge_lines(rule, guest, account).quantity;
    };
    RC_ASSERT(quantity(MergeRule::sum) ==
              std::min(max_quantity, guest.quantity + account.quantity));
    RC_ASSERT(quantity(MergeRule::max) == std::max(guest.quantity, account.quantity));
    RC_ASSERT(quantity(MergeRule::guest) == guest.quantity);
    RC_ASSERT(quantity(MergeRule::account) == account.quantity);
    RC_ASSERT(quantity(MergeRule::newest) ==
              (guest.updated_at > account.updated_at ? guest : account).quantity);
    for (const auto rule : all_rules) {
      RC_ASSERT(merge_lines(rule, guest, account).updated_at ==
                std::max(guest.updated_at, account.updated_at));
    }
  }));
}

}  // namespace
}  // namespace vestibule::shop
