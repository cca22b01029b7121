#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace vestibule::shop {

/// Something the shop sells. Prices are cents of a euro; the picture is /static/pictures/ID.svg.
struct Product {
  std::string_view id;
  std::string_view name;
  std::string_view kind;
  std::int64_t price_cents;
  std::string_view summary;
  std::string_view description;
};

/// Everything on the shelf, in the order in which it is shown. Public: no identity needed.
std::span<const Product> catalogue();

/// Null if the shop sells no such thing.
const Product* find_product(std::string_view id);

}  // namespace vestibule::shop
