#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/random.h"
#include "gateway/cookie_names.h"
#include "gateway/identity_provider.h"
#include "gateway/proof_of_work.h"
#include "gateway/sealer.h"
#include "gateway/session_cookie.h"
#include "gateway/ticket.h"
#include "gateway/visitor.h"
#include "keys/purpose_keys.h"
#include "sessions/ended.h"

namespace vestibule::gateway {

inline constexpr std::string_view test_origin = "https://shop.example";

/// For tests: what a browser shows for the work that it was given; `nonce` is where it begins.
inline std::string solve_for_test(const WorkChallenge& work, std::uint64_t nonce = 0) {
  for (;; ++nonce) {
    auto shown = work.text + "." + std::to_string(nonce);
    const auto hash = base::sha256(shown);
    unsigned zeros = 0;
    while (zeros < 256 &&
           (static_cast<unsigned char>(hash[zeros / 8]) >> (7U - zeros % 8U) & 1U) == 0)
      ++zeros;
    if (zeros >= work.bits) return shown;
  }
}

/// For tests: the cookies of one application's gateway.
struct CookieKit {
  explicit CookieKit(CookieFormat format = CookieFormat::sealed, char key = 'q',
                     std::string_view origin = test_origin)
      : keys(keys::MasterKey::parse(base::Secret(std::string(42, key) + "A")).value()),
        names(CookieNames::for_origin(origin).value()),
        sealer(keys, std::string(origin), random),
        session(names, sealer, format, retention),
        ticket(names, sealer, 0),
        visitors(names, session, ticket, ended, base::Seconds{60}) {}

  static constexpr base::Seconds retention{30 * 24 * 3600};

  base::Time now() const { return clock.now(); }

  Grant grant(std::string token = "header.claims.signature") {
    Grant made;
    made.session = {base::SessionId{base::Uuid::make(now(), random)}, 1, "3401"};
    made.session_expires_at = now() + retention;
    made.token_expires_at = now() + std::chrono::minutes(10);
    made.token = base::Secret(std::move(token));
    return made;
  }

  static http::HeaderList headers(const std::vector<http::SetCookie>& cookies) {
    std::string field;
    for (const auto& cookie : cookies)
      field += (field.empty() ? "" : "; ") + cookie.name + "=" + cookie.value;
    return {{"Cookie", field}};
  }
  static http::HeaderList header(const std::string& name, const std::string& value) {
    return {{"Cookie", name + "=" + value}};
  }
  Visitor visit(const http::HeaderList& fields) const { return visitors.read(fields, now()); }

  base::FakeClock clock;
  base::SystemRandom random;
  keys::PurposeKeys keys;
  sessions::EndedSessions ended;
  CookieNames names;
  Sealer sealer;
  SessionCookie session;
  TicketCookie ticket;
  VisitorReader visitors;
};

}  // namespace vestibule::gateway
