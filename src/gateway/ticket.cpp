#include "gateway/ticket.h"

#include "gateway/pack.h"

namespace vestibule::gateway {

namespace {
constexpr std::uint8_t format_version = 1;
}

Ticket TicketCookie::issue(base::Time now, base::Random& random) const {
  return {base::SessionId{base::Uuid::make(now, random)}, now, cell_};
}

http::SetCookie TicketCookie::write(const Ticket& ticket, base::Time now) const {
  Packer packer(format_version);
  packer.session(ticket.session).time(ticket.issued_at).u32(ticket.cell);
  return names_.make(names_.ticket,
                     sealer_.seal(Purpose::ticket, names_.ticket, packer.take(), now),
                     std::nullopt);
}

http::SetCookie TicketCookie::erase() const {
  return names_.make(names_.ticket, {}, std::nullopt).deletion();
}

std::optional<Ticket> TicketCookie::read(const http::Cookies& cookies, base::Time now) const {
  const auto cookie = cookies.find(names_.ticket);
  if (!cookie.single()) return std::nullopt;
  const auto plain =
      sealer_.open(Purpose::ticket, names_.ticket, cookie.value, now, ticket_lifetime);
  if (!plain) return std::nullopt;
  Unpacker unpacker(*plain, format_version);
  Ticket ticket;
  ticket.session = unpacker.session();
  ticket.issued_at = unpacker.time();
  ticket.cell = unpacker.u32();
  if (!unpacker.complete() || ticket.cell != cell_) return std::nullopt;
  // A node whose clock is a little behind sees tickets of the near future; that does no harm.
  if (now - ticket.issued_at >= ticket_lifetime) return std::nullopt;
  return ticket;
}

}  // namespace vestibule::gateway
