#include "jose/jwt.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "jose/claims_writer.h"
#include "jose/signature.h"
#include "jose/signing_key.h"

namespace vestibule::jose {
namespace {

using base::Seconds;

const base::Time now = base::FakeClock().now();
const std::int64_t now_s = base::to_seconds(now);

class JwtTest : public testing::Test {
 protected:
  std::string payload(std::string_view more = "") const {
    std::string out = R"({"iss":"https://issuer","sub":"42","aud":["shop","other"],"exp":)" +
                      std::to_string(now_s + 600) + R"(,"iat":)" + std::to_string(now_s);
    return out.append(more).append("}");
  }
  // Signs any header, also those that SigningKey would never make.
  std::string token(std::string_view header, std::string_view body) const {
    const auto input = base::to_base64url(header) + '.' + base::to_base64url(body);
    return input + '.' + base::to_base64url(sign(Algorithm::es256, key_.key(), input));
  }
  std::string header(std::string_view more) const {
    return R"({"alg":"ES256","kid":")" + key_.kid() + '"' + std::string(more) + '}';
  }
  std::string judge(std::string_view text) const { return judge(text, policy_); }
  std::string judge(std::string_view text, const Policy& policy) const {
    const auto claims = verify(text, keys_, policy, now);
    return claims ? "accepted" : std::string(to_string(claims.error()));
  }
  std::string judge_payload(std::string_view body) const {
    return judge(sign_compact(key_, TokenType::access_token, body));
  }

  SigningKey key_{Algorithm::es256, PrivateKey::generate(Algorithm::es256)};
  KeySet keys_{{{key_.kid(), Algorithm::es256, key_.key().public_key()}}};
  Policy policy_{.issuer = "https://issuer",
                 .audience = "shop",
                 .allowed = {Algorithm::es256, Algorithm::rs256},
                 .types = {"at+jwt"}};
};

TEST_F(JwtTest, ReadsEveryClaim) {
  const auto body = payload(
      R"(,"nbf":1,"auth_time":2.5,"jti":"j","client_id":"c","azp":"a","scope":"openid","sid":"s",)"
      R"("nonce":"n","acr":"0","amr":["pwd","otp"],"act":{"sub":"svc","iss":"i","act":{"sub":"old"}})");
  const auto claims =
      verify(sign_compact(key_, TokenType::access_token, body), keys_, policy_, now);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject, "42");
  EXPECT_EQ(claims->audience, (std::vector<std::string>{"shop", "other"}));
  EXPECT_EQ(claims->not_before, base::from_milliseconds(1000));
  EXPECT_EQ(claims->auth_time, base::from_milliseconds(2500));
  EXPECT_EQ(claims->id + claims->client_id + claims->authorized_party, "jca");
  EXPECT_EQ(claims->scope + claims->session_id + claims->nonce + claims->acr, "openidsn0");
  EXPECT_EQ(claims->amr.size(), 2U);
  ASSERT_EQ(claims->actors.size(), 2U);
  EXPECT_EQ(claims->actors[0].subject, "svc");
  EXPECT_EQ(claims->actors[0].issuer, "i");
  EXPECT_EQ(claims->actors[1].subject, "old");
  EXPECT_EQ(claims->json, body);
}

TEST_F(JwtTest, AnEditOfEachCharacterIsRefused) {
  const auto text = sign_compact(key_, TokenType::access_token, payload());
  ASSERT_EQ(judge(text), "accepted");
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const char replacement : {'A', 'B', '_', '.', '=', '\0'}) {
      if (text[i] == replacement) continue;
      auto edited = text;
      edited[i] = replacement;
      ASSERT_NE(judge(edited), "accepted") << i;
    }
    ASSERT_NE(judge(text.substr(0, i)), "accepted") << i;
    ASSERT_NE(judge(std::string(text).erase(i, 1)), "accepted") << i;
  }
  EXPECT_EQ(judge(text + "A"), "signature_invalid") << "65 bytes";
  EXPECT_EQ(judge(text + "=="), "not_base64url");
  EXPECT_EQ(judge(text + ".x"), "not_three_parts");
  EXPECT_EQ(judge(" " + text), "not_base64url");
  EXPECT_EQ(judge(text + "\n"), "not_base64url");
}

TEST_F(JwtTest, TwoTokensCannotBeSpliced) {
  const auto a = sign_compact(key_, TokenType::access_token, payload());
  const auto b = sign_compact(key_, TokenType::jwt, payload(R"(,"jti":"b")"));
  EXPECT_EQ(judge(a.substr(0, a.find('.')) + b.substr(b.find('.'))), "signature_invalid");
  EXPECT_EQ(judge(a.substr(0, a.rfind('.')) + b.substr(b.rfind('.'))), "signature_invalid");
}

TEST_F(JwtTest, Limits) {
  EXPECT_EQ(judge(std::string(max_token_size + 1, 'A')), "too_large");
  EXPECT_EQ(judge(""), "not_three_parts");
  EXPECT_EQ(judge("."), "not_three_parts");
  EXPECT_EQ(judge(".."), "header_not_object");
}

TEST_F(JwtTest, Headers) {
  const auto with = [&](std::string_view text) { return judge(token(text, payload())); };
  const auto more = [&](std::string_view text) { return with(header(text)); };
  EXPECT_EQ(more(R"(,"typ":"at+jwt")"), "accepted");
  EXPECT_EQ(more(R"(,"typ":"AT+JWT")"), "accepted");
  EXPECT_EQ(more(R"(,"typ":"application/at+jwt")"), "accepted");
  EXPECT_EQ(more(R"(,"typ":"JWT")"), "wrong_type");
  EXPECT_EQ(more(R"(,"typ":"application/application/at+jwt")"), "wrong_type");
  EXPECT_EQ(more(""), "wrong_type");
  EXPECT_EQ(more(R"(,"typ":7)"), "header_malformed");
  EXPECT_EQ(more(R"(,"crit":["exp"])"), "critical_extension");
  EXPECT_EQ(more(R"(,"crit":[],"typ":"at+jwt")"), "critical_extension");
  EXPECT_EQ(more(R"(,"alg":"ES256")"), "header_duplicate_member");
  EXPECT_EQ(more(R"(,"\u0061lg":"RS256")"), "header_duplicate_member");
  EXPECT_EQ(more(R"(,"x":{"y":1,"y":2})"), "header_duplicate_member");
  EXPECT_EQ(with("{}"), "algorithm_missing");
  EXPECT_EQ(with(R"({"alg":"none"})"), "algorithm_unknown");
  EXPECT_EQ(with(R"({"alg":"None"})"), "algorithm_unknown");
  EXPECT_EQ(with(R"({"alg":"HS256"})"), "algorithm_unknown");
  EXPECT_EQ(with(R"({"alg":"es256"})"), "algorithm_unknown");
  EXPECT_EQ(with(R"({"alg":""})"), "algorithm_unknown");
  EXPECT_EQ(with(R"({"alg":null})"), "header_malformed");
  EXPECT_EQ(with(R"({"alg":["ES256"]})"), "header_malformed");
  EXPECT_EQ(with(R"({"alg":"EdDSA"})"), "algorithm_not_allowed");
  EXPECT_EQ(with(R"({"alg":"RS256","kid":")" + key_.kid() + "\"}"), "key_does_not_fit");
  EXPECT_EQ(with(R"({"alg":"ES256","kid":"another"})"), "key_unknown");
  EXPECT_EQ(with(R"({"alg":"ES256","typ":"at+jwt"})"), "accepted") << "one candidate";
  EXPECT_EQ(with(R"({"alg":"RS256","typ":"at+jwt"})"), "key_unknown") << "no candidate";
  EXPECT_EQ(with("[]"), "header_not_object");
  EXPECT_EQ(with("{} x"), "header_not_object");
  EXPECT_EQ(with("{\"alg\":\"ES256\",}"), "header_not_object");
}

TEST_F(JwtTest, ATokenWithoutKidIsRefusedWhenTwoKeysMightHaveSignedIt) {
  const auto text = token(R"({"alg":"ES256","typ":"at+jwt"})", payload());
  keys_ = KeySet({{"a", std::nullopt, key_.key().public_key()},
                  {"b", std::nullopt, PrivateKey::generate(Algorithm::es256).public_key()}});
  EXPECT_EQ(judge(text), "key_unknown");
}

TEST_F(JwtTest, AKeyBroughtAlongInTheHeaderIsNotUsed) {
  const SigningKey attacker(Algorithm::es256, PrivateKey::generate(Algorithm::es256));
  const auto head = header(R"(,"typ":"at+jwt","jwk":)" + attacker.key().public_key().to_jwk());
  const auto input = base::to_base64url(head) + '.' + base::to_base64url(payload());
  EXPECT_EQ(judge(input + '.' + base::to_base64url(sign(Algorithm::es256, attacker.key(), input))),
            "signature_invalid");
}

TEST_F(JwtTest, ANoneTokenIsRefused) {
  EXPECT_EQ(
      judge(base::to_base64url(R"({"alg":"none"})") + '.' + base::to_base64url(payload()) + '.'),
      "algorithm_unknown");
}

TEST_F(JwtTest, ARsaKeyBoundToOneAlgorithmIsNotUsedWithTheOther) {
  const SigningKey rsa(Algorithm::ps256, PrivateKey::generate(Algorithm::ps256));
  const auto text = sign_compact(rsa, TokenType::access_token, payload());
  policy_.allowed = {Algorithm::rs256, Algorithm::ps256};
  keys_ = KeySet({{rsa.kid(), Algorithm::rs256, rsa.key().public_key()}});
  EXPECT_EQ(judge(text), "key_does_not_fit");
  keys_ = KeySet({{rsa.kid(), std::nullopt, rsa.key().public_key()}});
  EXPECT_EQ(judge(text), "accepted");
}

TEST_F(JwtTest, TypPolicyMayAcceptAbsence) {
  policy_.types = {"JWT", ""};
  EXPECT_EQ(judge(token(header(""), payload())), "accepted");
  EXPECT_EQ(judge(token(header(R"(,"typ":"jwt")"), payload())), "accepted");
  EXPECT_EQ(judge(token(header(R"(,"typ":"at+jwt")"), payload())), "wrong_type");
  policy_.types = {};
  EXPECT_EQ(judge(token(header(""), payload())), "wrong_type");
}

TEST_F(JwtTest, MissingAndMalformedClaims) {
  const auto exp = R"("exp":)" + std::to_string(now_s + 600);
  EXPECT_EQ(judge_payload("[]"), "payload_not_object");
  EXPECT_EQ(judge_payload("x"), "payload_not_object");
  EXPECT_EQ(judge_payload(payload(R"(,"iss":"x")")), "payload_duplicate_member");
  EXPECT_EQ(judge_payload("{" + exp + "}"), "issuer_missing");
  EXPECT_EQ(judge_payload(R"({"iss":"https://issuer",)" + exp + "}"), "subject_missing");
  EXPECT_EQ(judge_payload(R"({"iss":"https://issuer","sub":"",)" + exp + "}"), "subject_missing");
  EXPECT_EQ(judge_payload(R"({"iss":"https://issuer","sub":"1",)" + exp + "}"), "audience_missing");
  EXPECT_EQ(judge_payload(R"({"iss":"https://issuer","sub":"1","aud":[],)" + exp + "}"),
            "audience_missing");
  EXPECT_EQ(judge_payload(R"({"iss":"https://issuer","sub":"1","aud":"shop"})"), "expiry_missing");
  EXPECT_EQ(judge_payload(R"({"iss":"https://issuer","sub":"1","aud":"shop",)" + exp + "}"),
            "accepted");
  for (const auto* more : {R"(,"nbf":"1")", R"(,"nbf":-1)", R"(,"nbf":1e300)", R"(,"scope":["a"])",
                           R"(,"amr":[1])", R"(,"act":"x")", R"(,"act":{})", R"(,"act":{"sub":1})",
                           R"(,"nonce":null)", R"(,"sid":{})"}) {
    EXPECT_EQ(judge_payload(payload(more)), "claim_malformed") << more;
  }
  std::string chain = R"({"sub":"x"})";
  for (int i = 0; i < 8; ++i) chain = R"({"sub":"x","act":)" + chain + "}";
  EXPECT_EQ(judge_payload(payload(R"(,"act":)" + chain)), "claim_malformed") << "9 actors";
}

TEST_F(JwtTest, IssuerAndAudience) {
  const auto text = sign_compact(key_, TokenType::access_token, payload());
  auto policy = policy_;
  policy.issuer = "https://issuer/";
  EXPECT_EQ(judge(text, policy), "wrong_issuer");
  policy = policy_;
  policy.audience = "sho";
  EXPECT_EQ(judge(text, policy), "wrong_audience");
  policy.audience = "other";
  EXPECT_EQ(judge(text, policy), "accepted");
  policy.audience = "";
  EXPECT_EQ(judge(text, policy), "wrong_audience");
  policy.audience = AnyAudience{};
  EXPECT_EQ(judge(text, policy), "accepted");
}

TEST_F(JwtTest, Times) {
  const auto text = sign_compact(key_, TokenType::access_token,
                                 payload(R"(,"nbf":)" + std::to_string(now_s - 100)));
  const auto at = [&](Seconds offset) {
    const auto claims = verify(text, keys_, policy_, now + offset);
    return claims ? "accepted" : std::string(to_string(claims.error()));
  };
  EXPECT_EQ(at(Seconds{604}), "accepted");
  EXPECT_EQ(at(Seconds{605}), "expired") << "on or after, with the skew of 5 s";
  EXPECT_EQ(at(Seconds{-5}), "accepted");
  EXPECT_EQ(at(Seconds{-6}), "issued_in_future");
  EXPECT_EQ(at(Seconds{-106}), "not_yet_valid");
  policy_.expiry = Expiry::ignored;
  EXPECT_EQ(at(Seconds{100'000}), "accepted");
}

TEST_F(JwtTest, EveryAlgorithmRoundTripsWithItsHeader) {
  for (const auto algorithm :
       {Algorithm::es256, Algorithm::rs256, Algorithm::ps256, Algorithm::eddsa}) {
    const SigningKey key(algorithm, PrivateKey::generate(algorithm));
    keys_ = KeySet::from_json(KeySet({{key.kid(), algorithm, key.key().public_key()}}).to_json())
                .value();
    policy_.allowed = {algorithm};
    const auto text = sign_compact(key, TokenType::access_token, payload());
    EXPECT_EQ(judge(text), "accepted") << to_string(algorithm);
    EXPECT_EQ(base::from_base64url(text.substr(0, text.find('.'))).value(),
              R"({"alg":")" + std::string(to_string(algorithm)) + R"(","kid":")" + key.kid() +
                  R"(","typ":"at+jwt"})");
  }
}

}  // namespace
}  // namespace vestibule::jose
