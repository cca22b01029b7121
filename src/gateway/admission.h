#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "gateway/guest_gate.h"
#include "gateway/identity_provider.h"
#include "gateway/proof_of_work.h"
#include "gateway/session_cookie.h"
#include "gateway/ticket.h"
#include "gateway/visitor.h"
#include "http/cookies.h"
#include "http/ip.h"

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
  enum class Outcome { admitted, rate_limited, work_due };
  Outcome outcome = Outcome::admitted;
  std::int64_t retry_after = 0;       ///< seconds, for `rate_limited`
  std::optional<WorkChallenge> work;  ///< for `work_due`: what the browser has to solve first
  std::optional<Grant> identity;
  Novelty novelty = Novelty::existing;   ///< `created` if this request made the guest
  std::vector<http::SetCookie> cookies;  ///< for the answer
};

/// What a visitor without a session is given with an uncacheable answer.
struct Offer {
  std::optional<http::SetCookie> ticket;  ///< for one who has none
  std::optional<WorkChallenge> work;      ///< if that is due before a guest is made
};

/// Decides for the proxy, forward-auth and the API alike which identity a request acts as: renews a
/// token that is about to expire, provisions where the need is, deletes a cookie that leads
/// nowhere.
class Admissions {
 public:
  /// What outlives it.
  struct Parts {
    IdentityProvider& provider;
    const SessionCookie& session;
    const TicketCookie& ticket;
    GuestGate& gate;
    const ProofOfWork& work;
    const base::Clock& clock;
    base::Random& random;
  };
  explicit Admissions(Parts parts) : parts_(parts) {}

  /// A fresh session costs nothing but CPU. At most one commit otherwise (two if a ticket turns out
  /// to be used up). `shown` is the request's work, `shown_work(headers)`.
  boost::asio::awaitable<Admission> admit(Visitor visitor, Need need, Cause cause,
                                          http::IpAddress client, std::string shown = {}) const;

  /// A ticket for a visitor who has neither cookie; nullopt for others.
  std::optional<http::SetCookie> offer_ticket(const Visitor& visitor) const;
  /// The same, and work for one who has no session, if that is due.
  Offer offer(const Visitor& visitor) const;

 private:
  boost::asio::awaitable<std::optional<Grant>> renew(const Visitor& visitor) const;
  boost::asio::awaitable<std::optional<Grant>> without_cookies(const Visitor& visitor) const;
  boost::asio::awaitable<Admission> enter(Visitor visitor, http::IpAddress client,
                                          std::string shown) const;
  Admission ask_for_work(const Visitor& visitor) const;
  boost::asio::awaitable<std::optional<GuestGrant>> provision(std::optional<Ticket> ticket,
                                                              http::IpAddress client,
                                                              GuestGate::Worked worked) const;
  GuestGate::Worked judge(const std::optional<Ticket>& ticket, std::string_view shown) const;

  Parts parts_;
};

}  // namespace vestibule::gateway
