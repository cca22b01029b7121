#include "jose/loose_claims.h"

#include <gtest/gtest.h>

namespace vestibule::jose {
namespace {

TEST(LooseClaims, NothingIsRequired) {
  const auto claims = parse_loose_claims("{}");
  ASSERT_TRUE(claims);
  EXPECT_TRUE(claims->issuer.empty() && claims->subject.empty() && claims->audience.empty());
  EXPECT_FALSE(claims->expires_at || claims->issued_at || claims->not_before);
  EXPECT_EQ(claims->json, "{}");
}

TEST(LooseClaims, WhatIsThereIsRead) {
  const auto claims = parse_loose_claims(
      R"({"iss":"i","sub":"s","aud":["a","b"],"exp":2,"iat":1.5,"nbf":1,"state":"x"})");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->issuer, "i");
  EXPECT_EQ(claims->subject, "s");
  EXPECT_TRUE(claims->has_audience("b"));
  EXPECT_FALSE(claims->has_audience("c"));
  EXPECT_EQ(claims->expires_at, base::from_milliseconds(2000));
  EXPECT_EQ(claims->issued_at, base::from_milliseconds(1500));
  EXPECT_EQ(claims->not_before, base::from_milliseconds(1000));
}

TEST(LooseClaims, WhatIsMalformedIsRefused) {
  const auto reason = [](std::string_view payload) { return parse_loose_claims(payload).error(); };
  EXPECT_EQ(reason("[]"), Rejection::payload_not_object);
  EXPECT_EQ(reason(""), Rejection::payload_not_object);
  EXPECT_EQ(reason(R"({"a":1,"a":2})"), Rejection::payload_duplicate_member);
  for (const auto* payload : {R"({"iss":1})", R"({"sub":null})", R"({"aud":[1]})", R"({"exp":"2"})",
                              R"({"iat":-1})", R"({"nbf":1e300})"}) {
    EXPECT_EQ(reason(payload), Rejection::claim_malformed) << payload;
  }
}

}  // namespace
}  // namespace vestibule::jose
