#include "gateway/visitor.h"

#include <algorithm>
#include <utility>

#include "sessions/sessions.h"

namespace vestibule::gateway {

Leftover leftover_of(const sessions::EndedSessions& ended, const base::SessionId& session,
                     base::Time now) {
  const auto replaced_at = ended.replaced_at(session);
  const bool lately = replaced_at && now - *replaced_at < sessions::rotation_grace;
  return lately ? Leftover::none : Leftover::session_cookie;
}

Visitor VisitorReader::read(const http::HeaderList& headers, base::Time now) const {
  const http::Cookies cookies(headers);
  const auto ours = names_.all();
  if (std::ranges::any_of(ours, [&](const auto& name) { return cookies.find(name).duplicated(); }))
    return {};

  Visitor visitor;
  auto reading = session_.read(cookies, now);
  if (reading.state == SessionReading::State::valid &&
      !ended_.contains(reading.grant->session.session)) {
    visitor.session = std::move(reading.grant);
    const auto left = visitor.session->token_expires_at - now;
    visitor.token = left <= base::Milliseconds{0} ? TokenState::expired
                    : left <= renew_ahead_        ? TokenState::due
                                                  : TokenState::fresh;
    return visitor;
  }
  if (reading.state == SessionReading::State::valid)
    visitor.leftover = leftover_of(ended_, reading.grant->session.session, now);
  else if (reading.state != SessionReading::State::absent)
    visitor.leftover = Leftover::session_cookie;
  // The session that the ticket opened may have ended since: such a ticket leads nowhere.
  visitor.ticket = ticket_.read(cookies, now);
  if (visitor.ticket && ended_.contains(visitor.ticket->session)) visitor.ticket.reset();
  return visitor;
}

}  // namespace vestibule::gateway
