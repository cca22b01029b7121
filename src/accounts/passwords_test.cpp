#include "accounts/passwords.h"

#include <gtest/gtest.h>

#include <sstream>

#include "accounts/testing.h"

namespace vestibule::accounts {
namespace {

base::Secret secret(std::string text) {
  return base::Secret(std::move(text));
}

std::string_view verdict(const std::string& password, const std::vector<std::string>& own = {}) {
  const auto result = check_password(secret(password), own);
  return result ? "good" : result.error().reason;
}

std::string_view zitadel(const std::string& password) {
  const auto result = check_password_zitadel(secret(password));
  return result ? "good" : result.error().reason;
}

TEST(PasswordHash, VerifiesOnlyThePassword) {
  base::FakeRandom random;
  const auto hash = hash_password(secret("correct horse"), random);
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
  EXPECT_TRUE(verify_password(secret("correct horse"), hash));
  EXPECT_FALSE(verify_password(secret("correct horsf"), hash));
  EXPECT_FALSE(verify_password(secret("correct horse "), hash));
  EXPECT_FALSE(verify_password(secret(""), hash));
  EXPECT_NE(hash_password(secret("correct horse"), random), hash) << "salted";
}

TEST(PasswordHash, MalformedHashesMatchNothing) {
  for (const auto* bad : {"", "$", "$argon2id$", "plain", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA",
                          "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAA$"}) {
    EXPECT_FALSE(verify_password(secret("x"), bad)) << bad;
  }
}

TEST(PasswordHash, TheDecoyMatchesNothingAndCostsTheSame) {
  base::FakeRandom random;
  const auto hash = hash_password(secret("x"), random);
  EXPECT_EQ(hash.substr(0, 31), decoy_hash().substr(0, 31)) << "the same parameters";
  EXPECT_EQ(hash.size(), decoy_hash().size());
  for (const auto* guess : {"", "x", "password"}) {
    EXPECT_FALSE(verify_password(secret(guess), decoy_hash()));
  }
}

TEST(PasswordHash, TakesZeroBytesAndLongTexts) {
  base::FakeRandom random;
  const auto hash = hash_password(secret(std::string("a\0b", 3)), random);
  EXPECT_FALSE(verify_password(secret("a"), hash));
  const std::string text(512, 'x');
  EXPECT_FALSE(verify_password(secret(text + "y"), hash_password(secret(text), random)));
}

TEST(PasswordRule, Lengths) {
  EXPECT_EQ(verdict(""), "password_short");
  EXPECT_EQ(verdict("kx7#Qpz"), "password_short");
  EXPECT_EQ(verdict("kx7#Qpzw"), "good");
  std::string text;
  for (int i = 0; i < 128; ++i) text += static_cast<char>('!' + (i * 37) % 90);
  EXPECT_EQ(verdict(text), "good");
  EXPECT_EQ(verdict(text + "x"), "password_long");
  std::string wide;
  for (int i = 0; i < 128; ++i)
    wide += "\xf0\x9f\x99" + std::string(1, static_cast<char>(0x80 + i % 64));
  ASSERT_EQ(wide.size(), 512U);
  EXPECT_NE(verdict(wide), "password_long") << "128 code points in 512 bytes";
}

TEST(PasswordRule, CountsCodePointsNotBytes) {
  EXPECT_EQ(verdict("äöüéèàß"), "password_short") << "seven characters in fourteen bytes";
}

TEST(PasswordRule, Malformed) {
  EXPECT_EQ(verdict("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8"), "password_malformed");
  EXPECT_EQ(verdict(std::string("kx7#\0Qpzw", 9)), "password_malformed");
  EXPECT_EQ(verdict("kx7#\nQpzw"), "password_malformed");
}

TEST(PasswordRule, GuessableIsWeak) {
  for (const auto* weak : {"password", "password1", "12345678", "qwertyuiop", "aaaaaaaa",
                           "letmein1", "P@ssw0rd", "abcdefgh", "iloveyou"}) {
    EXPECT_EQ(verdict(weak), "password_weak") << weak;
  }
  EXPECT_EQ(verdict("correct horse battery staple"), "good");
  EXPECT_EQ(verdict("Tr0ub4dour&3x"), "good");
}

TEST(PasswordRule, OnesOwnWordsAreGuessable) {
  EXPECT_EQ(verdict("Zebuliowicz"), "good");
  EXPECT_EQ(verdict("Zebuliowicz", {"Kasia Zebuliowicz"}), "password_weak");
  EXPECT_EQ(verdict("zebuliowicz1", {"zebuliowicz@example.org"}), "password_weak");
  EXPECT_EQ(verdict("Zebuliowicz and the seven geese", {"Kasia Zebuliowicz"}), "good");
}

TEST(PasswordRule, TheOperatorsListIsRefused) {
  std::istringstream lines("vestibule-shop-2026\r\n\nOther Long One\n");
  const RefusedPasswords refused(lines);
  EXPECT_EQ(refused.size(), 2U);
  const auto result = check_password(secret("Vestibule-Shop-2026"), {}, refused);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, "password_refused");
  EXPECT_EQ(result.error().field, "password");
  EXPECT_FALSE(check_password(secret("other long one"), {}, refused));
  EXPECT_TRUE(check_password(secret("vestibule-shop-2027x"), {}, refused));
}

TEST(PasswordRule, MessagesDoNotShowThePassword) {
  const auto result = check_password(secret("password1"), {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message.find("password1"), std::string::npos);
  EXPECT_TRUE(result.error().detail.empty());
}

TEST(ZitadelRule, HasItsMessages) {
  EXPECT_EQ(zitadel("Password1!"), "good");
  EXPECT_EQ(zitadel("Abcdefgh1"), "DOMAIN-ZDLwA");
  EXPECT_EQ(zitadel("abcdefgh1!"), "DOMAIN-VoaRj");
  EXPECT_EQ(zitadel("ABCDEFGH1!"), "DOMAIN-co3Xw");
  EXPECT_EQ(zitadel("Abcdefgh!"), "DOMAIN-ZBv4H");
  EXPECT_EQ(zitadel("Aa1!"), "DOMAIN-HuJf6");
  EXPECT_EQ(zitadel(""), "password_length");
  EXPECT_EQ(zitadel("Aa1!" + std::string(196, 'x')), "good") << "also over 72 bytes";
  EXPECT_EQ(zitadel("Aa1!" + std::string(197, 'x')), "password_length");
  EXPECT_EQ(check_password_zitadel(secret("abcdefgh1!")).error().message,
            "Password must contain upper case");
}

TEST(PasswordRows, AreReplaced) {
  TestWorld world;
  const auto user = world.add_user();
  const auto set = [&](std::string_view hash) {
    world.write([&](store::Transaction& tx) { set_password_hash(tx, user.id, hash, world.now()); });
  };
  const auto find = [&] {
    return world.read([&](store::Transaction& tx) { return find_password_hash(tx, user.id); });
  };
  EXPECT_FALSE(find());
  set("$one");
  set("$two");
  EXPECT_EQ(find(), "$two");
  EXPECT_EQ(world.load(user.id)->password_changed_at, world.now());
}

TEST(PasswordRows, AreToBeRenewedUntilTheyAre) {
  TestWorld world;
  const auto user = world.add_user();
  const auto due = [&] {
    return world.read([&](store::Transaction& tx) { return is_renewal_due(tx, user.id); });
  };
  EXPECT_FALSE(due()) << "there is none";
  world.write([&](store::Transaction& tx) {
    set_password_hash(tx, user.id, "$given", world.now(), Renewal::due);
  });
  EXPECT_TRUE(due());
  world.write([&](store::Transaction& tx) { set_password_hash(tx, user.id, "$own", world.now()); });
  EXPECT_FALSE(due());
}

}  // namespace
}  // namespace vestibule::accounts
