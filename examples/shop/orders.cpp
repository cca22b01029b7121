#include "orders.h"

#include <utility>

#include "base/text.h"
#include "cart.h"
#include "catalogue.h"

namespace vestibule::shop {
namespace {

base::Result<void> check(const std::string& text, std::size_t most, std::string_view reason,
                         std::string message, std::string field) {
  const auto length = base::count_code_points(text);
  std::string visible = text;
  std::erase_if(visible, [](char c) { return c == '\n' || c == '\r'; });
  if (!text.empty() && length && *length <= most && !base::has_control_character(visible))
    return {};
  return base::fail(base::ErrorKind::invalid, reason, std::move(message), std::move(field));
}

}  // namespace

base::Result<Order> place_order(Transaction& transaction, std::string_view sub, Contact contact,
                                base::Time now) {
  contact = {std::string(base::trim(contact.name)), std::string(base::trim(contact.address))};
  if (auto ok = check(contact.name, 100, "bad_name", "Who is the parcel for?", "name"); !ok)
    return std::unexpected(ok.error());
  if (auto ok = check(contact.address, 300, "bad_address", "Where does it go?", "address"); !ok)
    return std::unexpected(ok.error());

  Order order;
  order.placed_at = now;
  order.contact = contact;
  order.note = load_note(transaction, sub);
  for (const auto& line : load_cart(transaction, sub)) {
    const Product* product = find_product(line.product_id);
    if (!product) continue;
    order.lines.push_back({line.product_id, line.quantity, product->price_cents});
    order.total_cents += line.quantity * product->price_cents;
  }
  if (order.lines.empty())
    return base::fail(base::ErrorKind::conflict, "cart_empty", "There is nothing in the cart.");

  auto inserted = transaction.find_text(
      "insert into orders (sub, placed_at, name, address, note, total_cents) "
      "values (?1, ?2, ?3, ?4, ?5, ?6) returning id",
      {sub, base::to_milliseconds(now), contact.name, contact.address, order.note,
       order.total_cents});
  order.id = std::stoll(inserted.value());
  for (const auto& line : order.lines)
    transaction.run(
        "insert into order_lines (order_id, product_id, quantity, price_cents) "
        "values (?1, ?2, ?3, ?4)",
        {order.id, line.product_id, line.quantity, line.price_cents});
  transaction.run("delete from cart_items where sub = ?1", {sub});
  transaction.run("delete from notes where sub = ?1", {sub});
  save_contact(transaction, sub, contact);
  return order;
}

std::vector<Order> load_orders(Transaction& transaction, std::string_view sub) {
  std::vector<Order> orders;
  auto rows = transaction.query(
      "select id, placed_at, name, address, note, total_cents from orders where sub = ?1 "
      "order by id desc",
      {sub});
  while (rows.next()) {
    Order order{.id = rows.integer(0),
                .placed_at = base::from_milliseconds(rows.integer(1)),
                .contact = {rows.text(2), rows.text(3)},
                .note = rows.text(4),
                .total_cents = rows.integer(5),
                .lines = {}};
    auto lines = transaction.query(
        "select product_id, quantity, price_cents from order_lines where order_id = ?1 "
        "order by product_id",
        {order.id});
    while (lines.next()) order.lines.push_back({lines.text(0), lines.integer(1), lines.integer(2)});
    orders.push_back(std::move(order));
  }
  return orders;
}

void merge_orders(Transaction& transaction, std::string_view source, std::string_view target) {
  transaction.run("update orders set sub = ?2 where sub = ?1", {source, target});
}

}  // namespace vestibule::shop
