#include "routes.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>

#include "api.h"
#include "pages.h"

namespace vestibule::shop {
namespace {

namespace asio = boost::asio;

using Endpoint = http::Response (*)(Shop&, const http::Request&);

asio::awaitable<http::Response> call(Endpoint endpoint, Shop& shop, const http::Request& request) {
  co_return endpoint(shop, request);
}

asio::awaitable<http::Response> call_on(asio::thread_pool& workers, Endpoint endpoint, Shop& shop,
                                        const http::Request& request) {
  auto job = call(endpoint, shop, request);
  co_return co_await asio::co_spawn(workers.get_executor(), std::move(job), asio::use_awaitable);
}

bool is_interface(const http::RequestHead& head) {
  return head.path.starts_with("/api/") || head.path.starts_with("/webhooks/") ||
         head.path == "/healthz";
}

http::Response show_problem(const http::RequestHead& head, const http::Problem& problem) {
  if (!is_interface(head))
    return message_page(http::status_of(problem.kind),
                        problem.kind == http::ProblemKind::not_found ? "There is nothing here"
                                                                     : "That did not work",
                        problem.message);
  const base::Error error{
      base::ErrorKind::invalid, http::to_string(problem.kind), problem.message, {}, {}};
  auto response = refuse(error);
  response.status = http::status_of(problem.kind);
  return response;
}

}  // namespace

http::Site make_site(Shop& shop, asio::thread_pool& workers) {
  http::Site site{.name = "shop", .router = {}, .errors = show_problem};
  const auto add = [&](const char* method, const char* pattern, Endpoint endpoint) {
    site.router.add(method, pattern, [&shop, &workers, endpoint](http::Request& request) {
      return call_on(workers, endpoint, shop, request);
    });
  };
  add("GET", "/", home_page);
  add("GET", "/products/{id}", product_page);
  add("GET", "/cart", cart_page);
  add("GET", "/checkout", checkout_page);
  add("GET", "/orders", orders_page);
  add("GET", "/static/*", static_file);

  add("GET", "/api/products", list_products);
  add("GET", "/api/cart", show_cart);
  add("POST", "/api/cart/items", add_item);
  add("PUT", "/api/cart/items/{id}", change_item);
  add("POST", "/api/cart/items/{id}", change_item);
  add("DELETE", "/api/cart/items/{id}", remove_item);
  add("POST", "/api/orders", order);
  add("GET", "/api/orders", list_orders);
  add("GET", "/api/wishes", list_wishes);
  add("PUT", "/api/wishes/{id}", put_wish);
  add("DELETE", "/api/wishes/{id}", delete_wish);
  add("GET", "/api/views", list_views);
  add("GET", "/api/note", show_note);
  add("PUT", "/api/note", put_note);
  add("GET", "/api/token", show_token);

  add("POST", "/webhooks/vestibule", receive_webhook);
  add("GET", "/healthz", healthz);
  return site;
}

}  // namespace vestibule::shop
