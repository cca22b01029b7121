#pragma once

#include <string_view>

#include "http/request.h"
#include "http/response.h"
#include "shop.h"

namespace vestibule::shop {

/// The pages, complete as they come from the server: the catalogue for everybody, and the cart,
/// wishes and orders of whoever the request's token names. Scripts only make them livelier.
http::Response home_page(Shop& shop, const http::Request& request);
/// Also remembers that the product was looked at, if there is somebody to remember it for.
http::Response product_page(Shop& shop, const http::Request& request);
http::Response cart_page(Shop& shop, const http::Request& request);
http::Response checkout_page(Shop& shop, const http::Request& request);
http::Response orders_page(Shop& shop, const http::Request& request);

/// A page that says one thing, for refusals and wrong addresses.
http::Response message_page(int status, std::string_view heading, std::string_view text);

/// `/static/*`: with an ETag, so that a browser asks whether it changed and is told 304.
http::Response static_file(Shop& shop, const http::Request& request);

}  // namespace vestibule::shop
