#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/identity_provider.h"
#include "gateway/session_cookie.h"
#include "gateway/ticket.h"
#include "gateway/visitor.h"
#include "http/cookies.h"
#include "http/ip.h"
#include "http/limiter.h"

namespace vestibule::gateway {

/// Whether a request is worth an identity that does not exist yet.
enum class Need {
  whoever_it_is,  ///< an identity if there is one
  somebody        ///< a high-intent action: make a guest if there is none
};

/// Which page caused the request; a foreign one never has anybody provisioned and never has a
/// cookie set or cleared.
enum class Cause { own_page, foreign_page };

/// What a request gets before it goes on.
struct Admission {
  enum class Outcome { admitted, rate_limited };
  Outcome outcome = Outcome::admitted;
  std::int64_t retry_after = 0;  ///< seconds, for `rate_limited`
  std::optional<Grant> identity;
  Novelty novelty = Novelty::existing;   ///< `created` if this request made the guest
  std::vector<http::SetCookie> cookies;  ///< for the answer
};

/// Decides for the proxy, forward-auth and the API alike which identity a request acts as: renews a
/// token that is about to expire, provisions where the need is, deletes a cookie that leads
/// nowhere.
class Admissions {
 public:
  Admissions(IdentityProvider& provider, const SessionCookie& session, const TicketCookie& ticket,
             http::AddressLimiter& guest_limiter, const base::Clock& clock, base::Random& random)
      : provider_(provider),
        session_(session),
        ticket_(ticket),
        guest_limiter_(guest_limiter),
        clock_(clock),
        random_(random) {}

  /// A fresh session costs nothing but CPU. At most one commit otherwise (two if a ticket turns out
  /// to be used up).
  boost::asio::awaitable<Admission> admit(Visitor visitor, Need need, Cause cause,
                                          http::IpAddress client) const;

  /// A ticket for a visitor who has neither cookie; nullopt for others.
  std::optional<http::SetCookie> offer_ticket(const Visitor& visitor) const;

 private:
  boost::asio::awaitable<std::optional<Grant>> renew(const Visitor& visitor) const;
  boost::asio::awaitable<std::optional<Grant>> without_cookies(const Visitor& visitor) const;
  boost::asio::awaitable<GuestGrant> provision(std::optional<Ticket> ticket,
                                               http::IpAddress client) const;

  IdentityProvider& provider_;
  const SessionCookie& session_;
  const TicketCookie& ticket_;
  http::AddressLimiter& guest_limiter_;
  const base::Clock& clock_;
  base::Random& random_;
};

}  // namespace vestibule::gateway
