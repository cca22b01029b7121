#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "gateway/admission.h"
#include "gateway/cookie_names.h"
#include "gateway/identity_provider.h"
#include "gateway/options.h"
#include "gateway/proof_of_work.h"
#include "gateway/rules.h"
#include "gateway/sealer.h"
#include "gateway/session_cookie.h"
#include "gateway/ticket.h"
#include "gateway/visitor.h"
#include "http/limiter.h"
#include "http/request.h"
#include "keys/purpose_keys.h"
#include "sessions/ended.h"

namespace vestibule::gateway {

/// What one gateway works with; all of it is given by the application and outlives the gateway.
struct Dependencies {
  IdentityProvider& provider;
  keys::PurposeKeys& keys;
  const sessions::EndedSessions& ended;
  const base::Clock& clock;
  base::Random& random;
};

/// The parts of one gateway, made once from its options and shared by its endpoints.
class Context {
 public:
  /// Throws std::invalid_argument, naming the option, for options that cannot work.
  Context(GatewayOptions options, Dependencies dependencies);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const GatewayOptions options;
  IdentityProvider& provider;
  const sessions::EndedSessions& ended;
  const base::Clock& clock;
  base::Random& random;
  const CookieNames names;
  const Rules rules;
  const Sealer sealer;
  const SessionCookie session;
  const TicketCookie ticket;
  const VisitorReader visitors;
  GuestGate guest_gate;
  const ProofOfWork work;
  http::AddressLimiter sign_in_limiter;
  const Admissions admissions;

  Visitor read_visitor(const http::RequestHead& head) const {
    return visitors.read(head.headers, clock.now());
  }
  Cause cause_of(const http::HeaderList& headers) const;
  /// Whether a browser may be sent there; `/` stands in for what it may not.
  std::string safe_return_to(std::string_view wish) const;
};

}  // namespace vestibule::gateway
