#include "gateway/visitor.h"

#include <gtest/gtest.h>

#include <array>

#include "gateway/testing.h"
#include "sessions/sessions.h"

namespace vestibule::gateway {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::string long_token() {
  return "eyJ" + std::string(400, 'a') + "." + std::string(500, 'b') + "." + std::string(86, 'c');
}

/// A session nobody made, with what it leaves behind.
void expect_nobody(const Visitor& visitor, const std::string& what) {
  EXPECT_TRUE(visitor.anonymous()) << what;
}

TEST(Visitor, WithoutCookiesIsAnonymous) {
  const CookieKit kit;
  const auto visitor = kit.visit({});
  EXPECT_TRUE(visitor.anonymous());
  EXPECT_EQ(visitor.leftover, Leftover::none);
}

TEST(Visitor, ASessionComesBackAsItWasWritten) {
  for (const auto format : {CookieFormat::sealed, CookieFormat::jwt}) {
    CookieKit kit(format);
    const auto grant = kit.grant(long_token());
    const auto visitor = kit.visit(CookieKit::headers(kit.session.write(grant, kit.now())));
    ASSERT_TRUE(visitor.session);
    EXPECT_EQ(visitor.session->session, grant.session);
    EXPECT_EQ(visitor.session->token.reveal(), grant.token.reveal());
    EXPECT_EQ(visitor.session->session_expires_at, grant.session_expires_at);
    EXPECT_EQ(visitor.session->token_expires_at, grant.token_expires_at);
    EXPECT_EQ(visitor.token, TokenState::fresh);
  }
}

TEST(Visitor, ATokenIsDueAMinuteBeforeItExpires) {
  CookieKit kit;
  const auto fields = CookieKit::headers(kit.session.write(kit.grant(), kit.now()));
  kit.clock.advance(minutes(9) - base::Milliseconds{1});
  EXPECT_EQ(kit.visit(fields).token, TokenState::fresh);
  kit.clock.advance(base::Milliseconds{1});
  EXPECT_EQ(kit.visit(fields).token, TokenState::due);
  kit.clock.advance(minutes(1));
  EXPECT_EQ(kit.visit(fields).token, TokenState::expired);
  kit.clock.advance(hours(24 * 29));
  EXPECT_EQ(kit.visit(fields).token, TokenState::expired);
  EXPECT_TRUE(kit.visit(fields).session);
}

TEST(Visitor, AnExpiredSessionIsNobody) {
  CookieKit kit;
  const auto fields = CookieKit::headers(kit.session.write(kit.grant(), kit.now()));
  kit.clock.advance(CookieKit::retention);
  const auto visitor = kit.visit(fields);
  EXPECT_TRUE(visitor.anonymous());
  EXPECT_EQ(visitor.leftover, Leftover::session_cookie);
}

TEST(Visitor, AnEndedSessionIsNobody) {
  CookieKit kit;
  const auto grant = kit.grant();
  const auto fields = CookieKit::headers(kit.session.write(grant, kit.now()));
  const std::array ended{grant.session.session};
  kit.ended.add(ended, kit.now());
  EXPECT_TRUE(kit.visit(fields).anonymous());
  EXPECT_EQ(kit.visit(fields).leftover, Leftover::session_cookie);
}

TEST(Visitor, AReplacedSessionIsNobodyAndItsCookieIsLeftAlone) {
  CookieKit kit;
  const auto grant = kit.grant();
  const auto fields = CookieKit::headers(kit.session.write(grant, kit.now()));
  const std::array ended{grant.session.session};
  kit.ended.add(ended, kit.now(), sessions::Ending::replaced);
  EXPECT_TRUE(kit.visit(fields).anonymous());
  // The browser may have been given another cookie while this request was on its way.
  kit.clock.advance(sessions::rotation_grace - base::Milliseconds{1});
  EXPECT_EQ(kit.visit(fields).leftover, Leftover::none);
  kit.clock.advance(base::Milliseconds{1});
  EXPECT_TRUE(kit.visit(fields).anonymous());
  EXPECT_EQ(kit.visit(fields).leftover, Leftover::session_cookie);
}

TEST(Visitor, ACookieEditedAtAnyByteIsNobody) {
  CookieKit kit;
  const auto value = kit.session.write(kit.grant(long_token()), kit.now()).front().value;
  for (std::size_t i = 0; i < value.size(); ++i) {
    for (const char other : {'A', 'B', '_', '=', '%', ' '}) {
      if (value[i] == other) continue;
      auto edited = value;
      edited[i] = other;
      expect_nobody(kit.visit(CookieKit::header(kit.names.session, edited)),
                    "byte " + std::to_string(i));
    }
    auto shorter = value;
    shorter.erase(i, 1);
    expect_nobody(kit.visit(CookieKit::header(kit.names.session, shorter)), "a byte left out");
    expect_nobody(kit.visit(CookieKit::header(kit.names.session, value.substr(0, i))), "truncated");
    auto longer = value;
    longer.insert(i, 1, 'A');
    expect_nobody(kit.visit(CookieKit::header(kit.names.session, longer)), "a byte put in");
  }
  expect_nobody(kit.visit(CookieKit::header(kit.names.session, value + "=")), "padded");
  expect_nobody(kit.visit(CookieKit::header(kit.names.session, value + "A")), "longer");
  expect_nobody(kit.visit(CookieKit::header(kit.names.session, "\"" + value + "\"")), "quoted");
}

TEST(Visitor, PartsOfTwoCookiesAreNobody) {
  CookieKit kit;
  const auto one = kit.session.write(kit.grant(long_token()), kit.now()).front().value;
  const auto two = kit.session.write(kit.grant(long_token()), kit.now()).front().value;
  ASSERT_EQ(one.size(), two.size());
  for (std::size_t cut = 4; cut < one.size(); cut += 4)
    expect_nobody(
        kit.visit(CookieKit::header(kit.names.session, one.substr(0, cut) + two.substr(cut))),
        "cut at " + std::to_string(cut));
}

TEST(Visitor, ACookieOfAnotherKeyOriginOrNameIsNobody) {
  CookieKit kit;
  CookieKit other_key(CookieFormat::sealed, 'r');
  CookieKit other_origin(CookieFormat::sealed, 'q', "https://other.example");
  CookieKit plain(CookieFormat::sealed, 'q', "http://localhost:8080");
  for (auto* other : {&other_key, &other_origin, &plain}) {
    const auto value = other->session.write(other->grant(), other->now()).front().value;
    expect_nobody(kit.visit(CookieKit::header(kit.names.session, value)), "foreign");
  }
  const auto ours = kit.session.write(kit.grant(), kit.now()).front().value;
  expect_nobody(kit.visit(CookieKit::header("vestibule", ours)), "another name");
  expect_nobody(kit.visit(CookieKit::header("__host-vestibule", ours)), "another case");
}

TEST(Visitor, ATicketInTheSessionsPlaceIsNothingAndTheOtherWayRound) {
  CookieKit kit;
  const auto ticket = kit.ticket.write(kit.ticket.issue(kit.now(), kit.random), kit.now());
  const auto session = kit.session.write(kit.grant(), kit.now()).front();
  expect_nobody(kit.visit(CookieKit::header(kit.names.session, ticket.value)), "ticket as session");
  expect_nobody(kit.visit(CookieKit::header(kit.names.ticket, session.value)), "session as ticket");
  expect_nobody(kit.visit(CookieKit::header(kit.names.login, session.value)), "session as login");
}

TEST(Visitor, ADuplicateOfAnyCookieOfOursMakesAnonymous) {
  CookieKit kit;
  const auto session = kit.session.write(kit.grant(), kit.now()).front();
  const auto ticket = kit.ticket.write(kit.ticket.issue(kit.now(), kit.random), kit.now());
  const auto field = session.name + "=" + session.value;
  expect_nobody(kit.visit({{"Cookie", field + "; " + field}}), "in one field");
  expect_nobody(kit.visit({{"Cookie", field}, {"Cookie", field}}), "in two fields");
  expect_nobody(kit.visit({{"Cookie", field + "; " + session.name + "="}}), "an empty one");
  const auto tickets = ticket.name + "=" + ticket.value;
  expect_nobody(kit.visit({{"Cookie", tickets + "; " + tickets}}), "two tickets");
  expect_nobody(kit.visit({{"Cookie", field + "; " + tickets + "; " + tickets}}), "two tickets");
}

TEST(Visitor, HalvesOfTwoJwtSessionsAreNobody) {
  CookieKit kit(CookieFormat::jwt);
  const auto one = kit.session.write(kit.grant(long_token()), kit.now());
  const auto two = kit.session.write(kit.grant(long_token() + "d"), kit.now());
  ASSERT_EQ(one.size(), 2U);
  EXPECT_TRUE(kit.visit(CookieKit::headers(one)).session);
  expect_nobody(kit.visit(CookieKit::headers({one[0], two[1]})), "mixed");
  expect_nobody(kit.visit(CookieKit::headers({two[0], one[1]})), "mixed");
  expect_nobody(kit.visit(CookieKit::headers({one[0]})), "the JWT alone");
  expect_nobody(kit.visit(CookieKit::headers({one[1]})), "the handle alone");
  EXPECT_EQ(kit.visit(CookieKit::headers({one[1]})).leftover, Leftover::session_cookie);
  auto edited = one;
  for (std::size_t i = 0; i < edited[0].value.size(); i += 7) {
    edited[0].value = one[0].value;
    edited[0].value[i] = edited[0].value[i] == 'x' ? 'y' : 'x';
    expect_nobody(kit.visit(CookieKit::headers(edited)), "edited JWT");
  }
}

TEST(Visitor, ATicketIsGoodForADay) {
  CookieKit kit;
  const auto issued = kit.ticket.issue(kit.now(), kit.random);
  const auto fields = CookieKit::headers({kit.ticket.write(issued, kit.now())});
  ASSERT_TRUE(kit.visit(fields).ticket);
  EXPECT_EQ(kit.visit(fields).ticket->session, issued.session);
  kit.clock.advance(ticket_lifetime - base::Milliseconds{1});
  EXPECT_TRUE(kit.visit(fields).ticket);
  kit.clock.advance(base::Milliseconds{1});
  EXPECT_FALSE(kit.visit(fields).ticket);
}

TEST(Visitor, ATicketWhoseSessionHasEndedOrOfAnotherCellIsNothing) {
  CookieKit kit;
  const auto issued = kit.ticket.issue(kit.now(), kit.random);
  const auto fields = CookieKit::headers({kit.ticket.write(issued, kit.now())});
  const std::array ended{issued.session};
  kit.ended.add(ended, kit.now());
  expect_nobody(kit.visit(fields), "ended");
  const TicketCookie elsewhere(kit.names, kit.sealer, 7);
  const auto foreign = elsewhere.write(elsewhere.issue(kit.now(), kit.random), kit.now());
  expect_nobody(kit.visit(CookieKit::headers({foreign})), "another cell");
}

TEST(Visitor, ASessionWinsOverATicket) {
  CookieKit kit;
  auto cookies = kit.session.write(kit.grant(), kit.now());
  cookies.push_back(kit.ticket.write(kit.ticket.issue(kit.now(), kit.random), kit.now()));
  const auto visitor = kit.visit(CookieKit::headers(cookies));
  EXPECT_TRUE(visitor.session);
  EXPECT_FALSE(visitor.ticket);
}

TEST(SessionCookie, HasTheAttributesOfTheDesign) {
  CookieKit kit;
  const auto grant = kit.grant(long_token());
  const auto cookies = kit.session.write(grant, kit.now());
  ASSERT_EQ(cookies.size(), 1U);
  const auto text = cookies.front().to_string();
  EXPECT_TRUE(text.starts_with("__Host-vestibule="));
  for (const char* part :
       {"; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=2592000"})
    EXPECT_NE(text.find(part), std::string::npos) << part;
  EXPECT_EQ(text.find("Domain"), std::string::npos);
  EXPECT_EQ(text.find("eyJ"), std::string::npos);
  const auto gone = kit.session.erase().front().to_string();
  EXPECT_TRUE(gone.starts_with("__Host-vestibule=;"));
  EXPECT_NE(gone.find("Max-Age=0"), std::string::npos);
}

TEST(SessionCookie, ATokenThatDoesNotFitIsRefused) {
  CookieKit kit;
  EXPECT_NO_THROW(kit.session.write(kit.grant(std::string(2800, 'a')), kit.now()));
  EXPECT_THROW(kit.session.write(kit.grant(std::string(3100, 'a')), kit.now()), std::length_error);
  CookieKit bare(CookieFormat::jwt);
  EXPECT_THROW(bare.session.write(bare.grant(std::string(4090, 'a')), bare.now()),
               std::length_error);
}

TEST(SessionCookie, LivesNoLongerThanItsSession) {
  CookieKit kit;
  auto grant = kit.grant();
  grant.session_expires_at = kit.now() + std::chrono::seconds(90);
  EXPECT_EQ(kit.session.write(grant, kit.now()).front().max_age, std::chrono::seconds(90));
  grant.session_expires_at = kit.now() + hours(24 * 1000);
  EXPECT_EQ(kit.session.write(grant, kit.now()).front().max_age, CookieKit::retention);
}

TEST(TicketCookie, EndsWithTheBrowsersSession) {
  CookieKit kit;
  const auto text =
      kit.ticket.write(kit.ticket.issue(kit.now(), kit.random), kit.now()).to_string();
  EXPECT_TRUE(text.starts_with("__Host-vestibule-ticket="));
  EXPECT_EQ(text.find("Max-Age"), std::string::npos);
}

TEST(CookieNames, DependOnTheOrigin) {
  EXPECT_EQ(CookieNames::for_origin("https://shop.example")->session, "__Host-vestibule");
  for (const char* origin : {"http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080",
                             "http://localhost", "http://127.9.9.9"}) {
    const auto names = CookieNames::for_origin(origin);
    ASSERT_TRUE(names) << origin;
    EXPECT_EQ(names->session, "vestibule");
    EXPECT_EQ(names->ticket, "vestibule-ticket");
    EXPECT_EQ(names->make("vestibule", "x", {}).to_string().find("Secure"), std::string::npos);
  }
  for (const char* origin : {"", "shop.example", "http://shop.example", "http://127.0.0.1.evil.org",
                             "https://shop.example/", "https://a@b", "ftp://localhost", "https://",
                             "http://localhost.evil.org"})
    EXPECT_FALSE(CookieNames::for_origin(origin)) << origin;
}

}  // namespace
}  // namespace vestibule::gateway
