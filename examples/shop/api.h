#pragma once

#include "base/result.h"
#include "http/request.h"
#include "http/response.h"
#include "shop.h"

namespace vestibule::shop {

/// The shop's JSON interface. Reading without an identity gives what nobody has (an empty cart);
/// writing without one is 401. None of these functions asks whether its caller is a guest. The
/// writes also take forms and then answer 303, so that the pages work without a script.
http::Response list_products(Shop& shop, const http::Request& request);
http::Response show_cart(Shop& shop, const http::Request& request);
/// `{product_id, quantity}`: the high-intent action, see the gateway's rule for POST /api/cart/**.
http::Response add_item(Shop& shop, const http::Request& request);
/// `{quantity}`; a form may also set it to 0, which takes the line out.
http::Response change_item(Shop& shop, const http::Request& request);
http::Response remove_item(Shop& shop, const http::Request& request);
/// `{name, address, note}`.
http::Response order(Shop& shop, const http::Request& request);
http::Response list_orders(Shop& shop, const http::Request& request);
http::Response list_wishes(Shop& shop, const http::Request& request);
http::Response put_wish(Shop& shop, const http::Request& request);
http::Response delete_wish(Shop& shop, const http::Request& request);
http::Response list_views(Shop& shop, const http::Request& request);
http::Response show_note(Shop& shop, const http::Request& request);
http::Response put_note(Shop& shop, const http::Request& request);
/// Header and claims of the verified token that came with this very request. Never its signature:
/// whoever reads this answer can show the token and not use it.
http::Response show_token(Shop& shop, const http::Request& request);
/// Where Vestibule delivers its events.
http::Response receive_webhook(Shop& shop, const http::Request& request);
http::Response healthz(Shop& shop, const http::Request& request);

/// `{"error","message","fields"}` with the status that fits the error.
http::Response refuse(const base::Error& error);

}  // namespace vestibule::shop
