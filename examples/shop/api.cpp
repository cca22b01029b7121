#include "api.h"

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "belongings.h"
#include "cart.h"
#include "catalogue.h"
#include "input.h"
#include "orders.h"
#include "pages.h"

namespace vestibule::shop {
namespace {

namespace json = boost::json;

http::Response answer(const json::value& value, int status = 200) {
  return http::Response::json(status, json::serialize(value))
      .with_header("Cache-Control", "private, no-store");
}

int status_of(const base::Error& error) {
  switch (error.kind) {
    case base::ErrorKind::invalid:
      return error.field.empty() ? 400 : 422;
    case base::ErrorKind::unauthenticated:
      return 401;
    case base::ErrorKind::not_found:
      return 404;
    case base::ErrorKind::conflict:
      return 409;
    case base::ErrorKind::unavailable:
      return 503;
    default:
      return 400;
  }
}

json::value cart_json(Transaction& transaction, std::string_view sub) {
  json::array items;
  std::int64_t count = 0;
  std::int64_t total = 0;
  for (const auto& line : load_cart(transaction, sub)) {
    const Product* product = find_product(line.product_id);
    if (!product) continue;
    const auto cents = line.quantity * product->price_cents;
    items.push_back({{"product_id", product->id},
                     {"name", product->name},
                     {"price_cents", product->price_cents},
                     {"quantity", line.quantity},
                     {"line_cents", cents}});
    count += line.quantity;
    total += cents;
  }
  return {{"items", std::move(items)}, {"count", count}, {"total_cents", total}};
}

json::value order_json(const Order& order) {
  json::array lines;
  for (const auto& line : order.lines)
    lines.push_back({{"product_id", line.product_id},
                     {"quantity", line.quantity},
                     {"price_cents", line.price_cents}});
  return {{"id", order.id},
          {"placed_at", base::to_rfc3339(order.placed_at)},
          {"name", order.contact.name},
          {"address", order.contact.address},
          {"note", order.note},
          {"total_cents", order.total_cents},
          {"lines", std::move(lines)}};
}

json::array to_array(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

/// What is written is refused to the page's script as JSON and to a form as a page.
http::Response refuse_write(const http::Request& request, const base::Error& error) {
  if (!is_form(request)) return refuse(error);
  return message_page(status_of(error), "That did not work", error.message);
}

/// The shape of every write: who, one transaction of theirs, the change, commit, and only then the
/// answer. `change` gets the transaction and the sub and gives the response.
template <class Change>
http::Response write(Shop& shop, const http::Request& request, Change change) {
  const auto identity = require_identity(shop, request);
  if (!identity) return refuse_write(request, identity.error());
  auto transaction = shop.store.write_for(identity->sub);
  if (!transaction) return refuse_write(request, transaction.error());
  base::Result<http::Response> response = change(**transaction, identity->sub);
  if (!response) return refuse_write(request, response.error());
  (*transaction)->commit();
  return std::move(*response);
}

/// The shape of every read: `load` gets a transaction and a sub, which for nobody is the empty one
/// and owns nothing.
template <class Load>
http::Response read(Shop& shop, const http::Request& request, Load load) {
  const auto identity = identify(shop, request);
  if (!identity) return refuse(identity.error());
  auto transaction = shop.store.read();
  return answer(load(transaction, *identity ? (*identity)->sub : std::string()));
}

}  // namespace

http::Response refuse(const base::Error& error) {
  json::object body{{"error", error.reason}, {"message", error.message}};
  if (!error.field.empty()) body["fields"] = {{error.field, error.message}};
  auto response = answer(body, status_of(error));
  // RFC 6750 3: a request without a token is not told more than that one is needed.
  if (response.status == 401)
    response.with_header("WWW-Authenticate", error.reason == "invalid_token"
                                                 ? "Bearer error=\"invalid_token\""
                                                 : "Bearer");
  if (response.status == 503) response.with_header("Retry-After", "5");
  return response;
}

http::Response list_products(Shop&, const http::Request&) {
  json::array items;
  for (const auto& product : catalogue())
    items.push_back({{"id", product.id},
                     {"name", product.name},
                     {"kind", product.kind},
                     {"price_cents", product.price_cents},
                     {"summary", product.summary}});
  return http::Response::json(200, json::serialize(json::object{{"items", std::move(items)}}))
      .with_header("Cache-Control", "public, max-age=60");
}

http::Response show_cart(Shop& shop, const http::Request& request) {
  return read(shop, request, cart_json);
}

http::Response add_item(Shop& shop, const http::Request& request) {
  const auto input = Input::parse(request);
  if (!input) return refuse(input.error());
  return write(
      shop, request,
      [&](Transaction& transaction, const std::string& sub) -> base::Result<http::Response> {
        const auto quantity = input->has("quantity") ? input->integer("quantity").value_or(0) : 1;
        if (auto added = add_to_cart(transaction, sub, input->text("product_id"), quantity,
                                     shop.clock.now());
            !added)
          return std::unexpected(added.error());
        if (input->encoding() == Input::Encoding::form) return http::Response::redirect("/cart");
        return answer(cart_json(transaction, sub));
      });
}

http::Response change_item(Shop& shop, const http::Request& request) {
  const auto input = Input::parse(request);
  if (!input) return refuse(input.error());
  return write(
      shop, request,
      [&](Transaction& transaction, const std::string& sub) -> base::Result<http::Response> {
        const auto& product_id = request.parameter("id");
        const auto quantity = input->integer("quantity").value_or(-1);
        const bool from_form = input->encoding() == Input::Encoding::form;
        if (from_form && quantity == 0)
          remove_from_cart(transaction, sub, product_id);
        else if (auto set = set_quantity(transaction, sub, product_id, quantity, shop.clock.now());
                 !set)
          return std::unexpected(set.error());
        if (from_form) return http::Response::redirect("/cart");
        return answer(cart_json(transaction, sub));
      });
}

http::Response remove_item(Shop& shop, const http::Request& request) {
  return write(
      shop, request,
      [&](Transaction& transaction, const std::string& sub) -> base::Result<http::Response> {
        remove_from_cart(transaction, sub, request.parameter("id"));
        return answer(cart_json(transaction, sub));
      });
}

http::Response order(Shop& shop, const http::Request& request) {
  const auto input = Input::parse(request);
  if (!input) return refuse(input.error());
  return write(
      shop, request,
      [&](Transaction& transaction, const std::string& sub) -> base::Result<http::Response> {
        const auto now = shop.clock.now();
        if (input->has("note"))
          if (auto saved = save_note(transaction, sub, input->text("note"), now); !saved)
            return std::unexpected(saved.error());
        const auto placed =
            place_order(transaction, sub, {input->text("name"), input->text("address")}, now);
        if (!placed) return std::unexpected(placed.error());
        if (input->encoding() == Input::Encoding::form) return http::Response::redirect("/orders");
        return answer(order_json(*placed), 201);
      });
}

http::Response list_orders(Shop& shop, const http::Request& request) {
  return read(shop, request, [](Transaction& transaction, const std::string& sub) {
    json::array items;
    for (const auto& each : load_orders(transaction, sub)) items.push_back(order_json(each));
    return json::object{{"items", std::move(items)}};
  });
}

http::Response list_wishes(Shop& shop, const http::Request& request) {
  return read(shop, request, [](Transaction& transaction, const std::string& sub) {
    return json::object{{"items", to_array(load_wishes(transaction, sub))}};
  });
}

http::Response put_wish(Shop& shop, const http::Request& request) {
  return write(
      shop, request,
      [&](Transaction& transaction, const std::string& sub) -> base::Result<http::Response> {
        if (auto added = add_wish(transaction, sub, request.parameter("id")); !added)
          return std::unexpected(added.error());
        return answer(json::object{{"items", to_array(load_wishes(transaction, sub))}});
      });
}

http::Response delete_wish(Shop& shop, const http::Request& request) {
  return write(
      shop, request,
      [&](Transaction& transaction, const std::string& sub) -> base::Result<http::Response> {
        remove_wish(transaction, sub, request.parameter("id"));
        return answer(json::object{{"items", to_array(load_wishes(transaction, sub))}});
      });
}

http::Response list_views(Shop& shop, const http::Request& request) {
  return read(shop, request, [](Transaction& transaction, const std::string& sub) {
    return json::object{{"items", to_array(load_views(transaction, sub))}};
  });
}

http::Response show_note(Shop& shop, const http::Request& request) {
  return read(shop, request, [](Transaction& transaction, const std::string& sub) {
    return json::object{{"text", load_note(transaction, sub)}};
  });
}

http::Response put_note(Shop& shop, const http::Request& request) {
  const auto input = Input::parse(request);
  if (!input) return refuse(input.error());
  return write(
      shop, request,
      [&](Transaction& transaction, const std::string& sub) -> base::Result<http::Response> {
        if (auto saved = save_note(transaction, sub, input->text("text"), shop.clock.now()); !saved)
          return std::unexpected(saved.error());
        return answer(json::object{{"text", load_note(transaction, sub)}});
      });
}

http::Response show_token(Shop& shop, const http::Request& request) {
  const auto identity = require_identity(shop, request);
  if (!identity) return refuse(identity.error());
  return answer(json::object{{"header", json::parse(identity->header)},
                             {"claims", json::parse(identity->claims)}});
}

http::Response receive_webhook(Shop& shop, const http::Request& request) {
  const WebhookHeaders headers{.id = request.header("webhook-id").value_or(""),
                               .timestamp = request.header("webhook-timestamp").value_or(""),
                               .signature = request.header("webhook-signature").value_or("")};
  auto answered = shop.webhooks.receive(headers, request.body);
  return http::Response::json(answered.status, std::move(answered.body));
}

http::Response healthz(Shop& shop, const http::Request&) {
  auto transaction = shop.store.read();
  transaction.find_text("select count(*) from merges", {});
  return http::Response::text(200, "ok\n");
}

}  // namespace vestibule::shop
