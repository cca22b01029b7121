#include "pages.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "belongings.h"
#include "cart.h"
#include "catalogue.h"
#include "orders.h"
#include "template.h"

namespace vestibule::shop {
namespace {

std::string money(std::int64_t cents) {
  if (cents % 100 == 0) return fmt::format("€{}", cents / 100);
  return fmt::format("€{}.{:02}", cents / 100, cents % 100);
}

/// The attribute `hidden`, or nothing.
std::string_view hidden_if(bool condition) {
  return condition ? "hidden" : "";
}

/// Who looks at a page, and what the page's frame shows of them.
struct Visitor {
  std::string sub;  ///< empty: nobody
  std::vector<CartLine> cart;
};

std::int64_t count(const std::vector<CartLine>& cart) {
  std::int64_t total = 0;
  for (const auto& line : cart)
    if (find_product(line.product_id)) total += line.quantity;
  return total;
}

std::int64_t total_cents(const std::vector<CartLine>& cart) {
  std::int64_t total = 0;
  for (const auto& line : cart)
    if (const auto* product = find_product(line.product_id))
      total += line.quantity * product->price_cents;
  return total;
}

http::Response frame(const Shop& shop, const Visitor& visitor, std::string_view path,
                     std::string_view title, std::string_view content) {
  const auto you = fill_template("you", {{"mailbox_url", shop.mailbox_url},
                                         {"mailbox_hidden", hidden_if(shop.mailbox_url.empty())}});
  const auto page = fill_template("layout", {{"title", title},
                                             {"path", path},
                                             {"cart_count", std::to_string(count(visitor.cart))},
                                             {"content", content},
                                             {"you", you}});
  // Sign-in and sign-out are forms that the gateway answers with a redirect to the provider, and
  // browsers hold `form-action` against the whole chain.
  const auto policy = fmt::format(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
      "'self'; form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
      shop.provider_origin);
  return http::Response::html(200, page)
      .with_header("Content-Security-Policy", policy)
      .with_header("X-Content-Type-Options", "nosniff")
      .with_header("Referrer-Policy", "same-origin")
      .with_header("Cache-Control", "private, no-store");
}

std::string product_list(std::string_view field_template, const std::vector<std::string>& ids) {
  std::string items;
  for (const auto& id : ids)
    if (const auto* product = find_product(id))
      items += fill_template(field_template, {{"id", product->id}, {"name", product->name}});
  return items;
}

std::string recent_section(Transaction& transaction, const Visitor& visitor,
                           std::string_view except) {
  auto ids = load_views(transaction, visitor.sub);
  std::erase(ids, except);
  if (ids.empty()) return {};
  return fill_template("recent", {{"items", product_list("recent_item", ids)}});
}

std::string mini_line(std::string_view product_id, std::int64_t quantity, std::int64_t price) {
  const auto* product = find_product(product_id);
  return fill_template("mini", {{"id", product_id},
                                {"name", product ? product->name : product_id},
                                {"quantity", std::to_string(quantity)},
                                {"line_total", money(quantity * price)}});
}

/// Pages that anybody may see show nobody's cart if the token cannot be judged just now.
Visitor visitor_of(Shop& shop, const http::Request& request) {
  const auto identity = identify(shop, request);
  return {identity && *identity ? (*identity)->sub : std::string(), {}};
}

/// Pages about somebody's things rather say so than show an empty cart that is not empty.
base::Result<Visitor> owner_of(Shop& shop, const http::Request& request) {
  auto identity = identify(shop, request);
  if (!identity) return std::unexpected(identity.error());
  return Visitor{*identity ? (*identity)->sub : std::string(), {}};
}

http::Response cannot_tell_who(const base::Error& error) {
  return message_page(error.kind == base::ErrorKind::unavailable ? 503 : 401,
                      "We cannot tell who you are", error.message + " Please try again.");
}

}  // namespace

http::Response home_page(Shop& shop, const http::Request& request) {
  auto visitor = visitor_of(shop, request);
  auto transaction = shop.store.read();
  visitor.cart = load_cart(transaction, visitor.sub);
  const auto wishes = load_wishes(transaction, visitor.sub);
  std::string cards;
  for (const auto& product : catalogue())
    cards += fill_template(
        "card", {{"id", product.id},
                 {"name", product.name},
                 {"summary", product.summary},
                 {"price", money(product.price_cents)},
                 {"wished", std::ranges::count(wishes, product.id) > 0 ? "true" : "false"}});
  const auto content = fill_template(
      "home", {{"cards", cards}, {"recent", recent_section(transaction, visitor, "")}});
  return frame(shop, visitor, "/", "Still Life", content);
}

http::Response product_page(Shop& shop, const http::Request& request) {
  const auto* product = find_product(request.parameter("id"));
  if (!product) return message_page(404, "We do not sell that", "Perhaps we did once.");
  auto visitor = visitor_of(shop, request);
  if (!visitor.sub.empty())
    if (auto transaction = shop.store.write_for(visitor.sub)) {
      record_view(**transaction, visitor.sub, product->id, shop.clock.now());
      (*transaction)->commit();
    }
  auto transaction = shop.store.read();
  visitor.cart = load_cart(transaction, visitor.sub);
  const auto content =
      fill_template("product", {{"id", product->id},
                                {"kind", product->kind},
                                {"name", product->name},
                                {"summary", product->summary},
                                {"description", product->description},
                                {"price", money(product->price_cents)},
                                {"recent", recent_section(transaction, visitor, product->id)}});
  return frame(shop, visitor, fmt::format("/products/{}", product->id),
               fmt::format("{} – Still Life", product->name), content);
}

http::Response cart_page(Shop& shop, const http::Request& request) {
  auto visitor = owner_of(shop, request);
  if (!visitor) return cannot_tell_who(visitor.error());
  auto transaction = shop.store.read();
  visitor->cart = load_cart(transaction, visitor->sub);
  std::string lines;
  for (const auto& line : visitor->cart)
    if (const auto* product = find_product(line.product_id))
      lines += fill_template("line", {{"id", product->id},
                                      {"name", product->name},
                                      {"price", money(product->price_cents)},
                                      {"quantity", std::to_string(line.quantity)},
                                      {"line_total", money(line.quantity * product->price_cents)}});
  const auto wishes = load_wishes(transaction, visitor->sub);
  const bool empty = count(visitor->cart) == 0;
  const auto wish_section =
      wishes.empty() ? std::string()
                     : fill_template("wishes", {{"items", product_list("wish_item", wishes)}});
  const auto content = fill_template("cart", {{"lines", lines},
                                              {"total", money(total_cents(visitor->cart))},
                                              {"full_hidden", hidden_if(empty)},
                                              {"empty_hidden", hidden_if(!empty)},
                                              {"wishes", wish_section}});
  return frame(shop, *visitor, "/cart", "Your cart – Still Life", content);
}

http::Response checkout_page(Shop& shop, const http::Request& request) {
  auto visitor = owner_of(shop, request);
  if (!visitor) return cannot_tell_who(visitor.error());
  auto transaction = shop.store.read();
  visitor->cart = load_cart(transaction, visitor->sub);
  std::string lines;
  for (const auto& line : visitor->cart)
    if (const auto* product = find_product(line.product_id))
      lines += mini_line(line.product_id, line.quantity, product->price_cents);
  const auto contact = find_contact(transaction, visitor->sub).value_or(Contact{});
  const bool empty = count(visitor->cart) == 0;
  const auto content = fill_template("checkout", {{"lines", lines},
                                                  {"total", money(total_cents(visitor->cart))},
                                                  {"contact_name", contact.name},
                                                  {"contact_address", contact.address},
                                                  {"note", load_note(transaction, visitor->sub)},
                                                  {"order_disabled", empty ? "disabled" : ""}});
  return frame(shop, *visitor, "/checkout", "Check out – Still Life", content);
}

http::Response orders_page(Shop& shop, const http::Request& request) {
  auto visitor = owner_of(shop, request);
  if (!visitor) return cannot_tell_who(visitor.error());
  auto transaction = shop.store.read();
  visitor->cart = load_cart(transaction, visitor->sub);
  std::string articles;
  for (const auto& order : load_orders(transaction, visitor->sub)) {
    std::string lines;
    for (const auto& line : order.lines)
      lines += mini_line(line.product_id, line.quantity, line.price_cents);
    const auto day = std::chrono::floor<base::Seconds>(order.placed_at);
    articles += fill_template("order", {{"id", std::to_string(order.id)},
                                        {"placed_at", base::to_rfc3339(order.placed_at)},
                                        {"day", fmt::format("{:%d %B %Y, %H:%M} UTC", day)},
                                        {"name", order.contact.name},
                                        {"address", order.contact.address},
                                        {"lines", lines},
                                        {"note", order.note},
                                        {"note_hidden", hidden_if(order.note.empty())},
                                        {"total", money(order.total_cents)}});
  }
  const auto content = fill_template(
      "orders", {{"orders", articles}, {"empty_hidden", hidden_if(!articles.empty())}});
  return frame(shop, *visitor, "/orders", "Your orders – Still Life", content);
}

http::Response message_page(int status, std::string_view heading, std::string_view text) {
  return http::Response::html(status,
                              fill_template("message", {{"heading", heading}, {"text", text}}))
      .with_header("Content-Security-Policy",
                   "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'none'; "
                   "base-uri 'none'; frame-ancestors 'none'")
      .with_header("X-Content-Type-Options", "nosniff")
      .with_header("Cache-Control", "private, no-store");
}

}  // namespace vestibule::shop
