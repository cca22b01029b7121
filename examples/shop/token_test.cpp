#include "token.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "jose/claims_writer.h"
#include "jose/signing_key.h"

namespace vestibule::shop {
namespace {

using jose::Algorithm;

jose::SigningKey make_key(Algorithm algorithm) {
  return {algorithm, jose::PrivateKey::generate(algorithm)};
}

std::string publish(const std::vector<const jose::SigningKey*>& keys) {
  std::vector<jose::VerificationKey> published;
  for (const auto* key : keys)
    published.push_back({key->kid(), key->algorithm(), key->key().public_key()});
  return jose::KeySet(std::move(published)).to_json();
}

struct Changes {
  std::string issuer = "http://127.0.0.1:8081";
  std::string audience = "shop";
  base::Seconds expires{600};
  std::optional<base::Seconds> not_before;
};

class TokenTest : public testing::Test {
 protected:
  base::FakeClock clock;
  jose::SigningKey key = make_key(Algorithm::es256);
  std::string published = publish({&key});
  int fetches = 0;
  bool reachable = true;
  Jwks jwks{"http://127.0.0.1:8081/oauth/v2/keys",
            [this](const std::string&) -> base::Result<std::string> {
              ++fetches;
              if (reachable) return published;
              return base::fail(base::ErrorKind::unavailable, "fetch_failed", "no");
            },
            clock};
  TokenPolicy policy{"http://127.0.0.1:8081", "shop"};

  std::string claims(const Changes& changes = {}) {
    jose::ClaimsWriter writer;
    writer.text("iss", changes.issuer)
        .text("sub", "4711")
        .text("aud", changes.audience)
        .time("iat", clock.now())
        .time("exp", clock.now() + changes.expires);
    if (changes.not_before) writer.time("nbf", clock.now() + *changes.not_before);
    return std::move(writer).finish();
  }
  std::string token(const Changes& changes = {},
                    jose::TokenType type = jose::TokenType::access_token) {
    return jose::sign_compact(key, type, claims(changes));
  }
  base::Result<Identity> verify(const std::string& text) {
    return verify_token(text, policy, jwks, clock.now());
  }
  std::string why(const std::string& text) {
    const auto identity = verify(text);
    return identity ? "accepted" : identity.error().detail;
  }
};

TEST_F(TokenTest, YieldsASub) {
  const auto identity = verify(token());
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->sub, "4711");
  EXPECT_NE(identity->header.find("at+jwt"), std::string::npos);
  EXPECT_NE(identity->claims.find("\"aud\":\"shop\""), std::string::npos);
}

TEST_F(TokenTest, AcceptsTheAlgorithmsOfItsList) {
  for (const auto algorithm : {Algorithm::rs256, Algorithm::eddsa}) {
    const auto other = make_key(algorithm);
    published = publish({&key, &other});
    clock.advance(std::chrono::minutes(1));
    EXPECT_TRUE(verify(jose::sign_compact(other, jose::TokenType::access_token, claims())));
  }
}

TEST_F(TokenTest, RefusesAnAlgorithmThatIsNotOnItsList) {
  const jose::SigningKey other(Algorithm::ps256, jose::PrivateKey::generate(Algorithm::ps256));
  published = publish({&key, &other});
  EXPECT_EQ(why(jose::sign_compact(other, jose::TokenType::access_token, claims())),
            "algorithm_not_allowed");
}

TEST_F(TokenTest, RefusesUnsignedAndForged) {
  const auto none = base::to_base64url(R"({"alg":"none","typ":"at+jwt"})") + "." +
                    base::to_base64url(claims()) + ".";
  EXPECT_EQ(why(none), "algorithm_unknown");
  const auto hmac =
      base::to_base64url(R"({"alg":"HS256","typ":"at+jwt","kid":")" + key.kid() + R"("})") + "." +
      base::to_base64url(claims()) + "." + base::to_base64url("x");
  EXPECT_EQ(why(hmac), "algorithm_unknown");
  auto forged = token();
  const auto dot = forged.find('.');
  forged = forged.substr(0, dot + 1) +
           base::to_base64url(claims({.issuer = "http://127.0.0.1:8081",
                                      .audience = "shop",
                                      .expires = base::Seconds{6000},
                                      .not_before = std::nullopt})) +
           forged.substr(forged.rfind('.'));
  EXPECT_EQ(why(forged), "signature_invalid");
  EXPECT_EQ(why(""), "not_three_parts");
  EXPECT_EQ(why("a.b"), "not_three_parts");
}

TEST_F(TokenTest, RefusesAKeyThatOnlyTheTokenVouchesFor) {
  const auto stranger = make_key(Algorithm::es256);
  EXPECT_EQ(why(jose::sign_compact(stranger, jose::TokenType::access_token, claims())),
            "key_unknown");
}

TEST_F(TokenTest, RefusesWhatIsNotAnAccessToken) {
  EXPECT_EQ(why(token({}, jose::TokenType::jwt)), "wrong_type");
  EXPECT_EQ(why(token({}, jose::TokenType::logout_token)), "wrong_type");
}

TEST_F(TokenTest, RefusesForeignIssuersAndAudiences) {
  Changes other_issuer;
  other_issuer.issuer = "http://127.0.0.1:8081/";
  EXPECT_EQ(why(token(other_issuer)), "wrong_issuer");
  Changes other_audience;
  other_audience.audience = "bank";
  EXPECT_EQ(why(token(other_audience)), "wrong_audience");
}

TEST_F(TokenTest, RefusesBeforeAndAfterItsTime) {
  Changes short_lived;
  short_lived.expires = base::Seconds{10};
  const auto text = token(short_lived);
  EXPECT_EQ(why(text), "accepted");
  clock.advance(base::Seconds{16});
  EXPECT_EQ(why(text), "expired");
  Changes later;
  later.not_before = base::Seconds{60};
  EXPECT_EQ(why(token(later)), "not_yet_valid");
}

TEST_F(TokenTest, FetchesKeysOnceAndAgainWhenTheyAreOld) {
  verify(token());
  verify(token());
  EXPECT_EQ(fetches, 1);
  clock.advance(Jwks::refetch_after);
  verify(token());
  EXPECT_EQ(fetches, 2);
}

TEST_F(TokenTest, FollowsARotationAtOnce) {
  ASSERT_TRUE(verify(token()));
  clock.advance(base::Seconds{30});
  const auto next = make_key(Algorithm::es256);
  published = publish({&key, &next});
  EXPECT_TRUE(verify(jose::sign_compact(next, jose::TokenType::access_token, claims())));
  EXPECT_EQ(fetches, 2);
}

TEST_F(TokenTest, IsNotDrivenToFetchByMadeUpKeyIds) {
  ASSERT_TRUE(verify(token()));
  const auto stranger = make_key(Algorithm::es256);
  const auto text = jose::sign_compact(stranger, jose::TokenType::access_token, claims());
  for (int i = 0; i < 50; ++i) verify(text);
  EXPECT_EQ(fetches, 1);
  clock.advance(Jwks::refetch_at_most_every);
  for (int i = 0; i < 50; ++i) verify(text);
  EXPECT_EQ(fetches, 2);
}

TEST_F(TokenTest, OutlivesAProviderThatIsAway) {
  ASSERT_TRUE(verify(token()));
  reachable = false;
  clock.advance(std::chrono::hours(1));
  EXPECT_TRUE(verify(token()));
  clock.advance(std::chrono::hours(24));
  const auto identity = verify(token());
  ASSERT_FALSE(identity);
  EXPECT_EQ(identity.error().kind, base::ErrorKind::unavailable);
}

TEST_F(TokenTest, SaysThatItHasNoKeysRatherThanBlameTheToken) {
  reachable = false;
  EXPECT_EQ(verify(token()).error().reason, "keys_unavailable");
  reachable = true;
  clock.advance(Jwks::refetch_at_most_every);
  EXPECT_TRUE(verify(token()));
}

TEST(BearerToken, IsReadFromItsHeaderOnly) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bearer  abc "), "abc");
  EXPECT_EQ(bearer_token("Basic abc"), "");
  EXPECT_EQ(bearer_token("Bearer"), "");
  EXPECT_EQ(bearer_token("Bearer "), "");
  EXPECT_EQ(bearer_token(""), "");
}

}  // namespace
}  // namespace vestibule::shop
