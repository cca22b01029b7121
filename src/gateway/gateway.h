#pragma once

#include <memory>

#include "gateway/context.h"
#include "gateway/options.h"
#include "http/exchange.h"
#include "http/proxy.h"
#include "http/router.h"

namespace vestibule::gateway {

/// One gateway before one application: its API, its proxy and its answers to trusted proxies.
/// Thread-safe; it outlives the routers and handlers that it gave out.
class Gateway {
 public:
  /// Throws std::invalid_argument, naming the option, for options that cannot work. What
  /// `dependencies` refers to outlives the gateway.
  Gateway(GatewayOptions options, Dependencies dependencies);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  /// Adds `/guest/v1/…` to the router of the application's host, forward-auth for proxies that
  /// prove themselves included. Anything else below `/guest/v1` is 404 and never proxied.
  void add_routes(http::Router& router);

  /// The whole router of a listener that only trusted proxies can reach: forward-auth alone.
  void add_trusted_routes(http::Router& router);

  /// The fallback of the application's site. `upstream` outlives the handler.
  http::StreamHandler proxy(const http::UpstreamPool& upstream);

 private:
  std::unique_ptr<Context> context_;
};

/// How problems look on the application's host: the API's form below `/guest/v1` and for scripts, a
/// page for people. For the site that a gateway's routes and proxy are mounted on.
http::ErrorRenderer site_errors();

}  // namespace vestibule::gateway
