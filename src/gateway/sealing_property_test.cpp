#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

#include "base/encoding.h"
#include "gateway/testing.h"

namespace vestibule::gateway {
namespace {

constexpr std::array purposes{Purpose::session, Purpose::refresh, Purpose::ticket,
                              Purpose::login,   Purpose::choice,  Purpose::work};

std::string any_bytes() {
  return *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}

/// One bit of `bytes` turned over.
std::string with_flipped_bit(std::string bytes) {
  const auto bit = *rc::gen::inRange<std::size_t>(0, bytes.size() * 8);
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

/// The start of one and the end of the other, cut anywhere.
std::string spliced(std::string_view one, std::string_view other) {
  const auto cut = *rc::gen::inRange<std::size_t>(0, one.size() + 1);
  const auto from = *rc::gen::inRange<std::size_t>(0, other.size() + 1);
  return std::string(one.substr(0, cut)) + std::string(other.substr(from));
}

struct Sealed {
  CookieKit kit;
  Purpose purpose = *rc::gen::elementOf(purposes);
  std::string name = any_bytes();
  std::string plain = any_bytes();
  std::string value = seal(plain);

  std::string seal(std::string_view text) {
    return kit.sealer.seal(purpose, name, text, kit.now());
  }
  std::optional<std::string> open(std::string_view text) const {
    return kit.sealer.open(purpose, name, text, kit.now(), CookieKit::retention);
  }
};

TEST(SealingProperty, WhatIsSealedOpensInItsPlaceAndNowhereElse) {
  EXPECT_TRUE(rc::check("open(seal(x)) is x, under its purpose, name and origin only", [] {
    Sealed sealed;
    RC_ASSERT(sealed.open(sealed.value) == sealed.plain);
    for (const auto other : purposes) {
      if (other == sealed.purpose) continue;
      RC_ASSERT(!sealed.kit.sealer.open(other, sealed.name, sealed.value, sealed.kit.now(),
                                        CookieKit::retention));
    }
    const auto name = any_bytes();
    RC_PRE(name != sealed.name);
    RC_ASSERT(!sealed.kit.sealer.open(sealed.purpose, name, sealed.value, sealed.kit.now(),
                                      CookieKit::retention));
    for (const auto& [key, origin] :
         {std::pair{'q', std::string_view("https://other.example")}, std::pair{'r', test_origin}}) {
      CookieKit elsewhere(CookieFormat::sealed, key, origin);
      RC_ASSERT(!elsewhere.sealer.open(sealed.purpose, sealed.name, sealed.value, sealed.kit.now(),
                                       CookieKit::retention));
    }
  }));
}

TEST(SealingProperty, AnEditOpensToNothing) {
  EXPECT_TRUE(rc::check("a bit turned, an end cut off or put on opens to nothing", [] {
    Sealed sealed;
    const auto bytes = base::from_base64url(sealed.value).value();
    RC_ASSERT(!sealed.open(base::to_base64url(with_flipped_bit(bytes))));
    RC_ASSERT(!sealed.open(with_flipped_bit(sealed.value)));
    const auto size = *rc::gen::inRange<std::size_t>(0, sealed.value.size());
    RC_ASSERT(!sealed.open(sealed.value.substr(0, size)));
    RC_ASSERT(!sealed.open(std::string_view(sealed.value).substr(sealed.value.size() - size)));
    RC_ASSERT(!sealed.open(sealed.value + *rc::gen::elementOf(std::string("AZ09-_=. "))));
  }));
}

TEST(SealingProperty, PartsOfTwoOpenToNothing) {
  EXPECT_TRUE(rc::check("a splice of two values is neither", [] {
    Sealed sealed;
    const auto other = sealed.seal(any_bytes());
    const auto mixed = spliced(sealed.value, other);
    RC_PRE(mixed != sealed.value && mixed != other);
    RC_ASSERT(!sealed.open(mixed));
  }));
}

/// As a JWT is spelled.
std::string any_token() {
  static const std::string letters = "ABCXYZabcxyz0189-_.";
  return *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(letters)));
}

Grant any_grant(CookieKit& kit) {
  Grant grant = kit.grant(any_token());
  grant.session.generation = *rc::gen::arbitrary<std::uint32_t>();
  grant.session.subject = *rc::gen::container<std::string>(rc::gen::inRange('!', '~'));
  grant.session_expires_at =
      kit.now() + base::Milliseconds(*rc::gen::inRange<std::int64_t>(1, 1'000'000'000));
  grant.token_expires_at =
      kit.now() + base::Milliseconds(*rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000));
  return grant;
}

CookieFormat any_format() {
  return *rc::gen::element(CookieFormat::sealed, CookieFormat::jwt);
}

SessionReading read(const CookieKit& kit, const std::vector<http::SetCookie>& cookies) {
  const auto headers = CookieKit::headers(cookies);
  return kit.session.read(http::Cookies(headers), kit.now());
}

TEST(SealingProperty, ASessionCookieSaysWhatWasWritten) {
  EXPECT_TRUE(rc::check("read(write(grant)) is the grant, in both formats", [] {
    CookieKit kit(any_format());
    const auto grant = any_grant(kit);
    const auto reading = read(kit, kit.session.write(grant, kit.now()));
    RC_ASSERT(reading.state == SessionReading::State::valid);
    RC_ASSERT(reading.grant->session == grant.session);
    RC_ASSERT(reading.grant->session_expires_at == grant.session_expires_at);
    RC_ASSERT(reading.grant->token_expires_at == grant.token_expires_at);
    RC_ASSERT(reading.grant->token.reveal() == grant.token.reveal());
  }));
}

TEST(SealingProperty, AnEditedSessionCookieIsNobodys) {
  EXPECT_TRUE(rc::check("an edit, a cut or a mixture of two sessions is no session", [] {
    CookieKit kit(any_format());
    const auto grant = any_grant(kit);
    const auto another = any_grant(kit);
    RC_PRE(grant.token.reveal() != another.token.reveal());
    const auto one = kit.session.write(grant, kit.now());
    const auto other = kit.session.write(another, kit.now());
    auto mixed = one;
    const auto which = *rc::gen::inRange<std::size_t>(0, mixed.size());
    auto& value = mixed[which].value;
    value = *rc::gen::arbitrary<bool>() ? spliced(value, other[which].value)
                                        : value.substr(0, value.size() / 2);
    RC_PRE(value != one[which].value && !(mixed.size() == 1 && value == other[which].value));
    RC_ASSERT(read(kit, mixed).state != SessionReading::State::valid);
  }));
}

TEST(SealingProperty, ATicketIsItselfOrNothing) {
  EXPECT_TRUE(rc::check("a ticket reads back; edited, mixed or in another cell it does not", [] {
    CookieKit kit;
    const auto ticket = kit.ticket.issue(kit.now(), kit.random);
    const auto cookie = kit.ticket.write(ticket, kit.now());
    const auto read_value = [&](const TicketCookie& reader, const std::string& value) {
      const auto headers = CookieKit::header(cookie.name, value);
      return reader.read(http::Cookies(headers), kit.now());
    };
    const auto back = read_value(kit.ticket, cookie.value);
    RC_ASSERT(back && back->session == ticket.session && back->issued_at == ticket.issued_at);
    const TicketCookie elsewhere(kit.names, kit.sealer, *rc::gen::inRange(1U, 1024U));
    RC_ASSERT(!read_value(elsewhere, cookie.value));
    const auto bytes = base::from_base64url(cookie.value).value();
    RC_ASSERT(!read_value(kit.ticket, base::to_base64url(with_flipped_bit(bytes))));
    const auto other = kit.ticket.write(kit.ticket.issue(kit.now(), kit.random), kit.now());
    const auto mixed = spliced(cookie.value, other.value);
    RC_PRE(mixed != cookie.value && mixed != other.value);
    RC_ASSERT(!read_value(kit.ticket, mixed));
  }));
}

TEST(SealingProperty, NoCookieStandsInForAnother) {
  EXPECT_TRUE(rc::check("a value in another cookie's place is nobody", [] {
    CookieKit kit;
    const auto session = kit.session.write(any_grant(kit), kit.now()).front();
    const auto ticket = kit.ticket.write(kit.ticket.issue(kit.now(), kit.random), kit.now());
    RC_ASSERT(kit.visit(CookieKit::header(ticket.name, session.value)).anonymous());
    RC_ASSERT(kit.visit(CookieKit::header(session.name, ticket.value)).anonymous());
  }));
}

}  // namespace
}  // namespace vestibule::gateway
