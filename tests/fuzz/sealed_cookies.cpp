// No Cookie field that we did not seal opens, in either format and in no other cookie's place.
#include <algorithm>

#include "fuzz.h"
#include "gateway/login_state.h"
#include "gateway/session_cookie.h"
#include "gateway/ticket.h"

namespace vestibule::fuzz {
namespace {

using gateway::CookieFormat;
using State = gateway::SessionReading::State;

constexpr base::Time now{base::Milliseconds{1'795'359'600'000}};
constexpr base::Seconds retention{30 * 24 * 3600};
constexpr std::string_view origin = "https://shop.example";

struct Site {
  explicit Site(CookieFormat format)
      : session(names, sealer, format, retention), ticket(names, sealer, 0), login(names, sealer) {
    gateway::Grant grant;
    grant.session = {base::SessionId{base::Uuid::make(now, random)}, 1, "3401"};
    grant.session_expires_at = now + retention;
    grant.token_expires_at = now + base::Seconds{600};
    grant.token = base::Secret("header.claims.signature");
    good = session.write(grant, now);
    good_ticket = ticket.write(ticket.issue(now, random), now);
  }

  base::SystemRandom random;
  keys::PurposeKeys keys{keys::MasterKey::parse(base::Secret(std::string(42, 'q') + "A")).value()};
  gateway::CookieNames names = gateway::CookieNames::for_origin(origin).value();
  gateway::Sealer sealer{keys, std::string(origin), random};
  gateway::SessionCookie session;
  gateway::TicketCookie ticket;
  gateway::LoginCookies login;
  std::vector<http::SetCookie> good;
  http::SetCookie good_ticket;
};

/// `value` with the input written over it from a place that the input names.
std::string edit(std::string value, std::string_view input) {
  if (input.size() < 2) return value;
  const auto at = static_cast<unsigned char>(input[0]) % value.size();
  value.replace(at, input.size() - 1, input.substr(1));
  return value;
}

/// The cookies as a browser sends them, the one at `changed` edited.
http::Cookies send(const std::vector<http::SetCookie>& cookies, std::size_t changed,
                   std::string_view input) {
  std::string field;
  for (std::size_t i = 0; i < cookies.size(); ++i) {
    field += cookies[i].name + "=";
    field += i == changed ? edit(cookies[i].value, input) : cookies[i].value;
    field += "; ";
  }
  return http::Cookies(http::HeaderList{{"Cookie", field}});
}

void check(const Site& site, std::string_view input) {
  const http::Cookies raw(http::HeaderList{{"Cookie", std::string(input)}});
  require(site.session.read(raw, now).state != State::valid, "a foreign session cookie is refused");
  require(!site.ticket.read(raw, now), "a foreign ticket is refused");
  require(!site.login.read_login(raw, now), "a foreign login cookie is refused");
  require(!site.login.read_choice(raw, now), "a foreign choice cookie is refused");

  for (std::size_t i = 0; i < site.good.size(); ++i) {
    const auto cookies = send(site.good, i, input);
    const auto sent = cookies.find(site.good[i].name);
    const bool same = sent.single() && sent.value == site.good[i].value;
    require(same == (site.session.read(cookies, now).state == State::valid),
            "an edited session cookie is refused, the whole one is not");
  }
  const auto tickets = send({site.good_ticket}, 0, input);
  const auto sent = tickets.find(site.good_ticket.name);
  const bool same = sent.single() && sent.value == site.good_ticket.value;
  require(same == site.ticket.read(tickets, now).has_value(),
          "an edited ticket is refused, the whole one is not");
}

}  // namespace

void run(std::string_view input) {
  static const Site sealed(CookieFormat::sealed);
  static const Site jwt(CookieFormat::jwt);
  check(sealed, input);
  check(jwt, input);
}

}  // namespace vestibule::fuzz
