#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/encoding.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/text.h"

namespace vestibule::base {
namespace {

TEST(Encoding, Base64urlIsCanonical) {
  EXPECT_EQ(to_base64url("\xff\xee"), "_-4");
  EXPECT_EQ(from_base64url("_-4"), "\xff\xee");
  for (const auto* bad : {"_-4=", "_-5", "_+4", "a", "_-4 ", "=", "_-4\n"}) {
    EXPECT_FALSE(from_base64url(bad)) << bad;
  }
}

TEST(Encoding, Base64TakesBothPaddings) {
  EXPECT_EQ(to_base64("created"), "Y3JlYXRlZA==");
  EXPECT_EQ(from_base64("Y3JlYXRlZA=="), "created");
  EXPECT_EQ(from_base64("Y3JlYXRlZA"), "created");
  EXPECT_FALSE(from_base64("***"));
  EXPECT_FALSE(from_base64("Y3JlYXRlZA="));
}

TEST(Encoding, PercentDecoding) {
  EXPECT_EQ(percent_decode("a%20b+c", PlusMeaning::space), "a b c");
  EXPECT_EQ(percent_decode("a+c", PlusMeaning::literal), "a+c");
  EXPECT_FALSE(percent_decode("%2", PlusMeaning::space));
  EXPECT_FALSE(percent_decode("%zz", PlusMeaning::space));
  EXPECT_EQ(percent_encode("a b/ü"), "a%20b%2F%C3%BC");
}

TEST(Ids, DecimalHasOneSpelling) {
  EXPECT_EQ(from_decimal("9223372036854775807"), 9223372036854775807);
  for (const auto* bad : {"", "-1", "01", "9223372036854775808", "1 ", "+1", "0x1"}) {
    EXPECT_FALSE(from_decimal(bad)) << bad;
  }
}

TEST(Ids, UserIdCarriesItsCell) {
  const FakeClock clock;
  const auto id = compose_user_id({clock.now(), 7, 4095});
  const auto parts = decompose(id);
  EXPECT_EQ(parts.time, clock.now());
  EXPECT_EQ(parts.cell, 7U);
  EXPECT_EQ(parts.sequence, 4095U);
  EXPECT_GT(id.value, 0);
}

TEST(Ids, UuidIsTimeOrderedVersion7) {
  FakeRandom random;
  FakeClock clock;
  const auto first = Uuid::make(clock.now(), random);
  clock.advance(Milliseconds{1});
  const auto second = Uuid::make(clock.now(), random);
  EXPECT_LT(first, second);
  EXPECT_EQ(second.time(), clock.now());
  EXPECT_EQ(first.bytes[6] >> 4U, 7);
  EXPECT_EQ(Uuid::from_token(first.token()), first);
  EXPECT_FALSE(Uuid::from_token(first.token() + "A"));
}

TEST(Crypto, SealedValuesOpenOnlyUnchanged) {
  FakeRandom random;
  const Secret key{std::string(32, 'k')};
  const auto sealed = seal(key, "plain", "context", random);
  EXPECT_EQ(open(key, sealed, "context"), "plain");
  EXPECT_FALSE(open(key, sealed, "other"));
  EXPECT_FALSE(open(Secret{std::string(32, 'x')}, sealed, "context"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto edited = sealed;
    edited[i] = static_cast<char>(edited[i] ^ 1);
    EXPECT_FALSE(open(key, edited, "context")) << i;
    EXPECT_FALSE(open(key, std::string_view(sealed).substr(0, i), "context")) << i;
  }
}

TEST(Crypto, HkdfVector) {
  // RFC 5869 appendix A.3: no salt, no info.
  const Secret ikm{std::string(22, '\x0b')};
  EXPECT_EQ(to_hex(derive_key(ikm, "", 42).reveal()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Text, CodePointsAreStrict) {
  EXPECT_EQ(count_code_points("aü€😀"), 4U);
  EXPECT_FALSE(count_code_points("\xc0\x80"));
  EXPECT_FALSE(count_code_points("\xed\xa0\x80"));
  EXPECT_FALSE(count_code_points("\xf4\x90\x80\x80"));
  EXPECT_FALSE(count_code_points("\xe2\x82"));
}

TEST(Text, EmailKey) {
  EXPECT_EQ(email_key("Jane@Example.COM"), "jane@example.com");
  for (const auto* bad :
       {"", "a", "@b", "a@", "a b@c", "a@b c", "a..b@c", ".a@c", "a@.c", "a\n@c"}) {
    EXPECT_FALSE(email_key(bad)) << bad;
  }
}

TEST(Clock, Rfc3339) {
  EXPECT_EQ(to_rfc3339(from_milliseconds(1'795'359'754'503)), "2026-11-22T15:02:34.503Z");
}

}  // namespace
}  // namespace vestibule::base
