#include "gateway/admission.h"

#include <spdlog/spdlog.h>

#include <stdexcept>
#include <utility>

namespace vestibule::gateway {

namespace asio = boost::asio;

asio::awaitable<Admission> Admissions::admit(Visitor visitor, Need need, Cause cause,
                                             http::IpAddress client, std::string shown) const {
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
        admission.cookies = parts_.session.write(*admission.identity, parts_.clock.now());
      co_return admission;
    }
    visitor.leftover = Leftover::session_cookie;
  }
  if (cause == Cause::foreign_page) co_return admission;
  if (need == Need::somebody)
    co_return co_await enter(std::move(visitor), client, std::move(shown));
  if (visitor.leftover == Leftover::session_cookie) admission.cookies = parts_.session.erase();
  co_return admission;
}

asio::awaitable<Admission> Admissions::enter(Visitor visitor, http::IpAddress client,
                                             std::string shown) const {
  const auto worked = judge(visitor.ticket, shown);
  const auto verdict = parts_.gate.enter(client, worked, parts_.clock.now());
  Admission admission;
  if (verdict.answer == GuestGate::Answer::rate_limited) {
    admission.outcome = Admission::Outcome::rate_limited;
    admission.retry_after = verdict.retry_after;
    co_return admission;
  }
  if (verdict.answer == GuestGate::Answer::work_due) co_return ask_for_work(visitor);
  auto made = co_await provision(visitor.ticket, client, worked);
  if (!made) {
    // Its work has been used with it.
    visitor.ticket.reset();
    co_return ask_for_work(visitor);
  }
  admission.cookies = parts_.session.write(made->grant, parts_.clock.now());
  admission.identity = std::move(made->grant);
  admission.novelty = made->novelty;
  co_return admission;
}

GuestGate::Worked Admissions::judge(const std::optional<Ticket>& ticket,
                                    std::string_view shown) const {
  const auto now = parts_.clock.now();
  // Work that nobody asks for now makes no difference.
  const bool good = ticket && !shown.empty() && parts_.gate.work_is_due(now) &&
                    parts_.work.check(*ticket, shown, now) == WorkVerdict::good;
  return good ? GuestGate::Worked::yes : GuestGate::Worked::no;
}

Admission Admissions::ask_for_work(const Visitor& visitor) const {
  const auto now = parts_.clock.now();
  Admission admission;
  admission.outcome = Admission::Outcome::work_due;
  auto ticket = visitor.ticket;
  if (!ticket) {
    ticket = parts_.ticket.issue(now, parts_.random);
    admission.cookies = {parts_.ticket.write(*ticket, now)};
  } else if (visitor.leftover == Leftover::session_cookie) {
    admission.cookies = parts_.session.erase();
  }
  admission.work = parts_.work.issue(*ticket, now);
  return admission;
}

std::optional<http::SetCookie> Admissions::offer_ticket(const Visitor& visitor) const {
  if (!visitor.anonymous()) return std::nullopt;
  const auto now = parts_.clock.now();
  return parts_.ticket.write(parts_.ticket.issue(now, parts_.random), now);
}

Offer Admissions::offer(const Visitor& visitor) const {
  const auto now = parts_.clock.now();
  if (visitor.session || !parts_.gate.work_is_due(now)) return {offer_ticket(visitor), {}};
  if (visitor.ticket) return {{}, parts_.work.issue(*visitor.ticket, now)};
  const auto ticket = parts_.ticket.issue(now, parts_.random);
  return {parts_.ticket.write(ticket, now), parts_.work.issue(ticket, now)};
}

asio::awaitable<std::optional<Grant>> Admissions::renew(const Visitor& visitor) const {
  try {
    auto renewed = co_await parts_.provider.renew(visitor.session->session);
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
  auto seen = co_await parts_.provider.glance(visitor.session->session);
  if (!seen) co_return std::nullopt;
  co_return std::move(*seen);
}

/// nullopt if the ticket has been used up and the work was done for it.
asio::awaitable<std::optional<GuestGrant>> Admissions::provision(std::optional<Ticket> ticket,
                                                                 http::IpAddress client,
                                                                 GuestGate::Worked worked) const {
  GuestRequest request;
  request.client_address = client.is_unspecified() ? std::string{} : client.to_string();
  if (ticket) {
    request.session = ticket->session;
    GuestRequest first = request;
    auto made = co_await parts_.provider.provision(std::move(first));
    if (made) co_return std::move(*made);
    if (made.error().reason != "ticket_used")
      throw std::runtime_error("no guest could be made: " + made.error().message);
    if (worked == GuestGate::Worked::yes) co_return std::nullopt;
  }
  request.session = base::SessionId{base::Uuid::make(parts_.clock.now(), parts_.random)};
  auto made = co_await parts_.provider.provision(std::move(request));
  if (!made) throw std::runtime_error("no guest could be made: " + made.error().message);
  co_return std::move(*made);
}

}  // namespace vestibule::gateway
