#pragma once

#include <optional>

#include "base/clock.h"
#include "gateway/cookie_names.h"
#include "gateway/identity_provider.h"
#include "gateway/session_cookie.h"
#include "gateway/ticket.h"
#include "http/headers.h"
#include "sessions/ended.h"

namespace vestibule::gateway {

/// How much of a token's life is left.
enum class TokenState { fresh, due, expired };

/// Whether the browser holds a session cookie that leads nowhere and should be deleted.
enum class Leftover { none, session_cookie };

/// What to do with the cookie of a session that leads nowhere. One that was
/// replaced less than `sessions::rotation_grace` ago is left alone: the request may have been on
/// its way while another one of the same browser upgraded or signed in, and its answer must not
/// take the new cookie away.
Leftover leftover_of(const sessions::EndedSessions& ended, const base::SessionId& session,
                     base::Time now);

/// Who a request comes from, as far as its cookies tell: a session, else a ticket, else nobody.
struct Visitor {
  std::optional<Grant> session;
  std::optional<Ticket> ticket;
  TokenState token = TokenState::fresh;  ///< of the session
  Leftover leftover = Leftover::none;

  bool anonymous() const { return !session && !ticket; }
};

/// Resolves requests to visitors without touching the store.
class VisitorReader {
 public:
  VisitorReader(const CookieNames& names, const SessionCookie& session, const TicketCookie& ticket,
                const sessions::EndedSessions& ended, base::Seconds renew_ahead)
      : names_(names),
        session_(session),
        ticket_(ticket),
        ended_(ended),
        renew_ahead_(renew_ahead) {}

  /// Never fails: whatever does not hold is an anonymous visitor. A duplicate of any cookie of ours
  /// makes the visitor anonymous, and so does a session that has ended.
  Visitor read(const http::HeaderList& headers, base::Time now) const;

 private:
  const CookieNames& names_;
  const SessionCookie& session_;
  const TicketCookie& ticket_;
  const sessions::EndedSessions& ended_;
  base::Seconds renew_ahead_;
};

}  // namespace vestibule::gateway
