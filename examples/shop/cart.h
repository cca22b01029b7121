#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "store.h"

namespace vestibule::shop {

/// The most of one product that a cart line can hold.
inline constexpr std::int64_t max_quantity = 99;

/// One product in somebody's cart. `updated_at` is when its owner last touched the line.
struct CartLine {
  std::string product_id;
  std::int64_t quantity = 0;
  base::Time updated_at{};
  bool operator==(const CartLine&) const = default;
};

/// What to do with a product that is in the guest's cart and in the account's. Vestibule never
/// decides that: the application that knows what the numbers mean does. A product that is in only
/// one of the two carts is kept under every rule.
enum class MergeRule { sum, max, guest, account, newest };

/// The rule of that name, as in `--cart-merge sum|max|guest|account|newest`.
std::optional<MergeRule> parse_merge_rule(std::string_view name);

/// The line that stands for both after a merge, at most max_quantity.
CartLine merge_lines(MergeRule rule, const CartLine& guest, const CartLine& account);

/// The cart of `sub`, in the order of the catalogue's ids; empty for a sub never heard of.
std::vector<CartLine> load_cart(Transaction& transaction, std::string_view sub);

/// Adds `quantity` (1 … max_quantity) to what is there already; a full line stays full.
/// `not_found` if the shop sells no such product, `invalid` for a quantity out of range.
base::Result<void> add_to_cart(Transaction& transaction, std::string_view sub,
                               std::string_view product_id, std::int64_t quantity, base::Time now);

/// Sets the quantity of a line that is there; `not_found` if it is not.
base::Result<void> set_quantity(Transaction& transaction, std::string_view sub,
                                std::string_view product_id, std::int64_t quantity, base::Time now);

/// Takes a line out; that it was not there is no failure.
void remove_from_cart(Transaction& transaction, std::string_view sub, std::string_view product_id);

/// Moves the source's cart into the target's by `rule`; the source's is empty afterwards.
void merge_carts(Transaction& transaction, std::string_view source, std::string_view target,
                 MergeRule rule);

}  // namespace vestibule::shop
