#include "accounts/standard_claims.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include "accounts/claim_syntax.h"
#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

constexpr std::string_view everything = R"({
  "name": "Ada Byron", "given_name": "Ada", "family_name": "Byron", "middle_name": "Augusta",
  "nickname": "Countess", "preferred_username": "ada", "profile": "https://ada.example/me",
  "picture": "https://ada.example/me.png", "website": "http://ada.example", "gender": "female",
  "birthdate": "1815-12-10", "zoneinfo": "Europe/London", "locale": "en-GB",
  "email": "ada@ada.example", "email_verified": true, "phone_number": "+44 20 7946 0000",
  "phone_number_verified": true,
  "address": {"formatted": "12 St James's Square\nLondon", "street_address": "12 St James's Square",
              "locality": "London", "region": "Greater London", "postal_code": "SW1Y 4JH",
              "country": "United Kingdom"}})";

class StandardClaims : public testing::Test {
 protected:
  /// "ok", or reason and field of the refusal.
  std::string apply(std::string_view document) {
    const auto parsed = boost::json::parse(document).as_object();
    const auto applied = world.write([&](store::Transaction& tx) {
      return apply_standard_claims(tx, user, profile, parsed, world.now());
    });
    if (applied) return "ok";
    return std::string(applied.error().reason) + " " + applied.error().field;
  }

  TestWorld world;
  User user = world.add_user();
  Profile profile;
};

TEST_F(StandardClaims, AllOfThemAreKept) {
  ASSERT_EQ(apply(everything), "ok");
  EXPECT_EQ(user.display_name, "Ada Byron");
  EXPECT_EQ(user.username, "ada");
  EXPECT_EQ(user.gender, 1);
  EXPECT_EQ(user.preferred_language, "en-GB");
  EXPECT_EQ(user.email_state, EmailState::asserted);
  EXPECT_EQ(user.phone, "+44 20 7946 0000");
  EXPECT_EQ(user.phone_verified, 1);
  EXPECT_EQ(profile.middle_name, "Augusta");
  EXPECT_EQ(profile.gender, "");
  EXPECT_EQ(profile.address.postal_code, "SW1Y 4JH");
  world.write([&](store::Transaction& tx) { set_profile(tx, user.id, profile); });
  EXPECT_EQ(world.read([&](store::Transaction& tx) { return find_profile(tx, user.id); }), profile);
}

TEST_F(StandardClaims, NullRemovesAndAbsenceKeeps) {
  ASSERT_EQ(apply(everything), "ok");
  ASSERT_EQ(apply(R"({"middle_name":null,"address":null,"email":null,"phone_number":null})"), "ok");
  EXPECT_EQ(profile.middle_name, "");
  EXPECT_TRUE(profile.address.empty());
  EXPECT_EQ(user.email, std::nullopt);
  EXPECT_EQ(user.phone, std::nullopt);
  EXPECT_EQ(user.phone_verified, 0);
  EXPECT_EQ(profile.picture, "https://ada.example/me.png");
}

TEST_F(StandardClaims, ANewNumberOrAddressIsNotVerifiedByTheOldOne) {
  ASSERT_EQ(apply(everything), "ok");
  ASSERT_EQ(apply(R"({"phone_number":"+41 44 668 18 00","email":"ada@else.example"})"), "ok");
  EXPECT_EQ(user.phone_verified, 0);
  EXPECT_EQ(user.email_state, EmailState::unproved);
}

TEST_F(StandardClaims, AnotherGenderIsKeptAsItIsSpelt) {
  ASSERT_EQ(apply(R"({"gender":"non-binary"})"), "ok");
  EXPECT_EQ(user.gender, 3);
  EXPECT_EQ(profile.gender, "non-binary");
  ASSERT_EQ(apply(R"({"gender":"male"})"), "ok");
  EXPECT_EQ(user.gender, 2);
  EXPECT_EQ(profile.gender, "");
}

TEST_F(StandardClaims, WhatIsMalformedChangesNothing) {
  const auto before = profile;
  for (const auto& [document, refusal] : std::vector<std::pair<std::string, std::string>>{
           {R"({"middle_name":"x","birthdate":"10.12.1815"})", "claim_malformed birthdate"},
           {R"({"middle_name":"x","website":"javascript:alert"})", "claim_malformed website"},
           {R"({"picture":"https://user@host/"})", "claim_malformed picture"},
           {R"({"profile":"https:///path"})", "claim_malformed profile"},
           {R"({"zoneinfo":"Europe//London"})", "claim_malformed zoneinfo"},
           {R"({"locale":"english please"})", "claim_malformed locale"},
           {R"({"phone_number":"020 7946"})", "claim_malformed phone_number"},
           {R"({"email":"nobody"})", "claim_malformed email"},
           {R"({"email_verified":true})", "claim_malformed email_verified"},
           {R"({"phone_number_verified":true})", "claim_malformed phone_number_verified"},
           {R"({"email":"a@b.test","email_verified":"yes"})", "claim_malformed email_verified"},
           {R"({"given_name":7})", "claim_malformed given_name"},
           {R"({"given_name":""})", "claim_malformed given_name"},
           {R"({"given_name":"a\nb"})", "claim_malformed given_name"},
           {R"({"address":"London"})", "claim_malformed address"},
           {R"({"address":{"planet":"Earth"}})", "claim_unknown address.planet"},
           {R"({"address":{"region":5}})", "claim_malformed address.region"},
           {R"({"sub":"1"})", "claim_unknown sub"},
           {R"({"updated_at":1})", "claim_unknown updated_at"},
           {R"({"shoe_size":43})", "claim_unknown shoe_size"}}) {
    EXPECT_EQ(apply(document), refusal) << document;
  }
  EXPECT_EQ(profile, before);
  EXPECT_EQ(user.given_name, std::nullopt);
}

TEST_F(StandardClaims, AnEmptyProfileLeavesNoRowAndAnErasedUserNoProfile) {
  const auto stored = [&] {
    return world.read([&](store::Transaction& tx) { return find_profile(tx, user.id); });
  };
  const auto set = [&](const Profile& value) {
    world.write([&](store::Transaction& tx) { set_profile(tx, user.id, value); });
  };
  set({.middle_name = "Augusta"});
  EXPECT_EQ(stored().middle_name, "Augusta");
  set({});
  EXPECT_TRUE(stored().empty());
  set({.middle_name = "Augusta"});
  world.erase(user.id);
  EXPECT_TRUE(stored().empty());
}

TEST(ClaimSyntax, DatesThatExist) {
  for (const auto* good : {"1990-01-31", "0000-02-29", "2024-02-29", "1969"}) {
    EXPECT_TRUE(claim_syntax::is_birthdate(good)) << good;
  }
  for (const auto* bad : {"1990-1-31", "1990-02-30", "2023-02-29", "19900131", "90", "", "year",
                          "1990-01-31T00:00", "-990-01-31", "1990/01/31"}) {
    EXPECT_FALSE(claim_syntax::is_birthdate(bad)) << bad;
  }
}

TEST(ClaimSyntax, NumbersZonesAndLanguages) {
  EXPECT_TRUE(claim_syntax::is_phone_number("+1 (604) 555-1234;ext=5678"));
  for (const auto* bad :
       {"+", "+12", "+1234567890123456", "+1 604 CALL", "+1604;ext=", "+1604;x=1"}) {
    EXPECT_FALSE(claim_syntax::is_phone_number(bad)) << bad;
  }
  EXPECT_TRUE(claim_syntax::is_zone("America/Argentina/Buenos_Aires"));
  EXPECT_TRUE(claim_syntax::is_zone("Etc/GMT+5"));
  EXPECT_FALSE(claim_syntax::is_zone("/etc/passwd"));
  EXPECT_FALSE(claim_syntax::is_zone(""));
  EXPECT_TRUE(claim_syntax::is_language("zh-Hant-TW"));
  EXPECT_FALSE(claim_syntax::is_language("e"));
  EXPECT_FALSE(claim_syntax::is_language("en_US"));
  EXPECT_FALSE(claim_syntax::is_language("en-"));
}

}  // namespace
}  // namespace vestibule::accounts
