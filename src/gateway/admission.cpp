#include "gateway/admission.h"

#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

namespace vestibule::gateway {

namespace asio = boost::asio;

asio::awaitable<Admission> Admissions::admit(Visitor visitor, Need need, Cause cause,
                                             http::IpAddress client) const {
  Admission admission;
  if (visitor.session) {
    if (visitor.token == TokenState::fresh) {
      admission.identity = std::move(visitor.session);
      co_return admission;
    }
    if (cause == Cause::foreign_page) {
      admission.identity = co_await without_cookies(visitor);
      co_return admission;
    }
    const auto handle = visitor.session->session;
    admission.identity = co_await renew(visitor);
    if (admission.identity) {
      if (admission.identity->session != handle)
        admission.cookies = session_.write(*admission.identity, clock_.now());
      co_return admission;
    }
    visitor.leftover = Leftover::session_cookie;
  }
  if (cause == Cause::foreign_page) co_return admission;

  if (need == Need::somebody) {
    const auto verdict = guest_limiter_.check(client, clock_.now());
    if (!verdict.allowed) {
      admission.outcome = Admission::Outcome::rate_limited;
      admission.retry_after = verdict.retry_after_seconds();
      co_return admission;
    }
    auto made = co_await provision(visitor.ticket, client);
    admission.cookies = session_.write(made.grant, clock_.now());
    admission.identity = std::move(made.grant);
    admission.novelty = made.novelty;
  } else if (visitor.leftover == Leftover::session_cookie) {
    admission.cookies = session_.erase();
  }
  co_return admission;
}

std::optional<http::SetCookie> Admissions::offer_ticket(const Visitor& visitor) const {
  if (!visitor.anonymous()) return std::nullopt;
  const auto now = clock_.now();
  return ticket_.write(ticket_.issue(now, random_), now);
}

asio::awaitable<std::optional<Grant>> Admissions::renew(const Visitor& visitor) const {
  try {
    auto renewed = co_await provider_.renew(visitor.session->session);
    if (renewed) co_return std::move(*renewed);
    co_return std::nullopt;
  } catch (const std::exception& error) {
    // A token with some life left carries the visitor over a short loss of the provider.
    if (visitor.token == TokenState::expired) throw;
    spdlog::warn("a token could not be renewed ahead of its expiry: {}", error.what());
  }
  co_return visitor.session;
}

asio::awaitable<std::optional<Grant>> Admissions::without_cookies(const Visitor& visitor) const {
  if (visitor.token == TokenState::due) co_return visitor.session;
  auto seen = co_await provider_.glance(visitor.session->session);
  if (!seen) co_return std::nullopt;
  co_return std::move(*seen);
}

asio::awaitable<GuestGrant> Admissions::provision(std::optional<Ticket> ticket,
                                                  http::IpAddress client) const {
  GuestRequest request;
  request.client_address = client.is_unspecified() ? std::string{} : client.to_string();
  if (ticket) {
    request.session = ticket->session;
    GuestRequest first = request;
    auto made = co_await provider_.provision(std::move(first));
    if (made) co_return std::move(*made);
    if (made.error().reason != "ticket_used")
      throw std::runtime_error("no guest could be made: " + made.error().message);
  }
  request.session = base::SessionId{base::Uuid::make(clock_.now(), random_)};
  auto made = co_await provider_.provision(std::move(request));
  if (!made) throw std::runtime_error("no guest could be made: " + made.error().message);
  co_return std::move(*made);
}

}  // namespace vestibule::gateway
