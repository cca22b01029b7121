#pragma once

#include <optional>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "gateway/cookie_names.h"
#include "gateway/sealer.h"
#include "http/cookies.h"

namespace vestibule::gateway {

/// How long a ticket may be used after it was issued.
inline constexpr base::Milliseconds ticket_lifetime{24 * 3600 * 1000};

/// Given to a visitor before any identity exists; costs no row. It names the session that their
/// first high-intent action will open, so that concurrent ones meet in it.
struct Ticket {
  base::SessionId session;
  base::Time issued_at;
  unsigned cell = 0;
};

/// Writes and reads the ticket's cookie.
class TicketCookie {
 public:
  TicketCookie(const CookieNames& names, const Sealer& sealer, unsigned cell)
      : names_(names), sealer_(sealer), cell_(cell) {}

  Ticket issue(base::Time now, base::Random& random) const;
  /// Without Max-Age: it ends with the browser's session.
  http::SetCookie write(const Ticket& ticket, base::Time now) const;
  http::SetCookie erase() const;
  /// nullopt if there is none, more than one, one that is not ours, or one of another cell or older
  /// than `ticket_lifetime`.
  std::optional<Ticket> read(const http::Cookies& cookies, base::Time now) const;

 private:
  const CookieNames& names_;
  const Sealer& sealer_;
  unsigned cell_;
};

}  // namespace vestibule::gateway
