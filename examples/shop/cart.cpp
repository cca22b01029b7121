#include "cart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "catalogue.h"

namespace vestibule::shop {
namespace {

base::Result<void> check_quantity(std::int64_t quantity) {
  if (quantity >= 1 && quantity <= max_quantity) return {};
  return base::fail(base::ErrorKind::invalid, "bad_quantity",
                    fmt::format("A quantity is a number from 1 to {}.", max_quantity), "quantity");
}

base::Result<void> check_product(std::string_view id) {
  if (find_product(id)) return {};
  return base::fail(base::ErrorKind::not_found, "no_such_product", "We do not sell that.",
                    "product_id");
}

void put_line(Transaction& transaction, std::string_view sub, const CartLine& line) {
  transaction.run(
      "insert into cart_items (sub, product_id, quantity, updated_at) values (?1, ?2, ?3, ?4) "
      "on conflict (sub, product_id) do update set quantity = ?3, updated_at = ?4",
      {sub, line.product_id, line.quantity, base::to_milliseconds(line.updated_at)});
}

}  // namespace

std::optional<MergeRule> parse_merge_rule(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, MergeRule>, 5> names{
      {{"sum", MergeRule::sum},
       {"max", MergeRule::max},
       {"guest", MergeRule::guest},
       {"account", MergeRule::account},
       {"newest", MergeRule::newest}}};
  for (const auto& [known, rule] : names)
    if (known == name) return rule;
  return std::nullopt;
}

CartLine merge_lines(MergeRule rule, const CartLine& guest, const CartLine& account) {
  CartLine merged = account;
  merged.updated_at = std::max(guest.updated_at, account.updated_at);
  switch (rule) {
    case MergeRule::sum:
      merged.quantity = guest.quantity + account.quantity;
      break;
    case MergeRule::max:
      merged.quantity = std::max(guest.quantity, account.quantity);
      break;
    case MergeRule::guest:
      merged.quantity = guest.quantity;
      break;
    case MergeRule::account:
      merged.quantity = account.quantity;
      break;
    case MergeRule::newest:
      // On a tie the account's: what is known to be theirs beats what was just brought along.
      merged.quantity = guest.updated_at > account.updated_at ? guest.quantity : account.quantity;
      break;
  }
  merged.quantity = std::min(merged.quantity, max_quantity);
  return merged;
}

std::vector<CartLine> load_cart(Transaction& transaction, std::string_view sub) {
  std::vector<CartLine> lines;
  auto rows = transaction.query(
      "select product_id, quantity, updated_at from cart_items where sub = ?1 order by product_id",
      {sub});
  while (rows.next())
    lines.push_back({rows.text(0), rows.integer(1), base::from_milliseconds(rows.integer(2))});
  return lines;
}

base::Result<void> add_to_cart(Transaction& transaction, std::string_view sub,
                               std::string_view product_id, std::int64_t quantity, base::Time now) {
  if (auto known = check_product(product_id); !known) return known;
  if (auto allowed = check_quantity(quantity); !allowed) return allowed;
  transaction.run(
      "insert into cart_items (sub, product_id, quantity, updated_at) values (?1, ?2, ?3, ?4) "
      "on conflict (sub, product_id) do update "
      "set quantity = min(?5, quantity + excluded.quantity), updated_at = excluded.updated_at",
      {sub, product_id, quantity, base::to_milliseconds(now), max_quantity});
  return {};
}

base::Result<void> set_quantity(Transaction& transaction, std::string_view sub,
                                std::string_view product_id, std::int64_t quantity,
                                base::Time now) {
  if (auto allowed = check_quantity(quantity); !allowed) return allowed;
  const auto changed = transaction.run(
      "update cart_items set quantity = ?3, updated_at = ?4 where sub = ?1 and product_id = ?2",
      {sub, product_id, quantity, base::to_milliseconds(now)});
  if (changed == 0)
    return base::fail(base::ErrorKind::not_found, "no_such_line", "That is not in your cart.");
  return {};
}

void remove_from_cart(Transaction& transaction, std::string_view sub, std::string_view product_id) {
  transaction.run("delete from cart_items where sub = ?1 and product_id = ?2", {sub, product_id});
}

void merge_carts(Transaction& transaction, std::string_view source, std::string_view target,
                 MergeRule rule) {
  std::map<std::string, CartLine> merged;
  for (auto& line : load_cart(transaction, target)) merged.emplace(line.product_id, line);
  for (const auto& line : load_cart(transaction, source)) {
    const auto there = merged.find(line.product_id);
    put_line(transaction, target,
             there == merged.end() ? line : merge_lines(rule, line, there->second));
  }
  transaction.run("delete from cart_items where sub = ?1", {source});
}

}  // namespace vestibule::shop
