#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "belongings.h"
#include "store.h"

namespace vestibule::shop {

/// A line of an order, at the price of the day it was placed.
struct OrderLine {
  std::string product_id;
  std::int64_t quantity = 0;
  std::int64_t price_cents = 0;
};

/// What somebody bought. Contact and note are copies: an order never changes after it was placed.
struct Order {
  std::int64_t id = 0;
  base::Time placed_at{};
  Contact contact;
  std::string note;
  std::int64_t total_cents = 0;
  std::vector<OrderLine> lines;
};

/// Turns the cart of `sub` into an order and empties it, together with the note. `conflict`
/// (`cart_empty`) if there is nothing to order, so that a double click orders once; `invalid` with
/// a field for a missing name or address.
base::Result<Order> place_order(Transaction& transaction, std::string_view sub, Contact contact,
                                base::Time now);

/// The orders of `sub`, newest first.
std::vector<Order> load_orders(Transaction& transaction, std::string_view sub);

/// Every order of the source becomes the target's; none is joined with another or lost.
void merge_orders(Transaction& transaction, std::string_view source, std::string_view target);

}  // namespace vestibule::shop
