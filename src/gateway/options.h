#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "gateway/guest_gate.h"
#include "gateway/rules.h"
#include "http/ip.h"
#include "http/limiter.h"

namespace vestibule::gateway {

/// How the session cookie looks: `sealed` shows nothing; `jwt` is the bare JWT for backends that
/// read it there, with the handle sealed in a second cookie.
enum class CookieFormat { sealed, jwt };

/// By which header family a reverse proxy tells the request that it asks about: `X-Forwarded-*`
/// (Caddy, Traefik) or `X-Original-Method` and `X-Original-URI` (nginx).
enum class ForwardedFamily { x_forwarded, x_original };

/// Whom forward-auth answers besides those who come through its own listener.
struct ForwardAuthOptions {
  ForwardedFamily family = ForwardedFamily::x_forwarded;
  base::Secret shared_secret = {};     ///< sent as X-Vestibule-Proxy-Secret; empty: none
  std::vector<http::Cidr> peers = {};  ///< addresses that are believed without one
};

/// What the operator decides about one gateway; checked by Gateway's constructor.
struct GatewayOptions {
  /// Origin of the application, `scheme://host[:port]` as a browser writes it.
  std::string public_origin;
  CookieFormat cookie_format = CookieFormat::sealed;
  /// How long a cookie and its session live without a visit; at most 400 days.
  base::Seconds retention{30 * 24 * 3600};
  /// A token is replaced when it has no more than this left.
  base::Seconds renew_ahead{60};
  std::vector<Rule> rules = {};
  /// Paths of this origin, beside the gateway's own, that nobody is sent back to after a sign-in
  /// (the provider's in single-origin mode).
  std::vector<std::string> reserved_paths = {};
  unsigned cell = 0;
  /// Guests made by browsers: for each address, and in all.
  GuestGate::Limits guests = {};
  unsigned work_bits = 18;  ///< 1 to 30
  http::Rate sign_in_rate{30, std::chrono::minutes(1), 30};
  std::vector<http::Cidr> trusted_proxies = {};
  ForwardAuthOptions forward_auth = {};
  /// How long a sign-in waits for the merge that it asked for.
  base::Milliseconds merge_wait{2000};
  std::chrono::milliseconds upstream_timeout = std::chrono::seconds(60);
};

}  // namespace vestibule::gateway
