#include "oauth/grants/jwt_bearer.h"

#include "jose/claims_writer.h"
#include "jose/signing_key.h"
#include "oauth/grants/service_token.h"
#include "oauth/introspection.h"
#include "oauth/liveness.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

const jose::SigningKey& machine_key() {
  static const jose::SigningKey key(jose::Algorithm::rs256,
                                    jose::PrivateKey::generate(jose::Algorithm::rs256));
  return key;
}

class JwtBearerTest : public OAuthTest {
 protected:
  JwtBearerTest() {
    write([&](store::Transaction& tx) {
      accounts::add_machine_key(tx, "key-1", service.id, machine_key().key().public_key().to_jwk(),
                                now() + std::chrono::days(10), now());
    });
  }

  struct Claims {
    std::string iss = "104";
    std::string sub = "104";
    std::vector<std::string> aud = {test_issuer};
    std::int64_t iat = 0;  ///< from now
    std::int64_t exp = 600;
    std::string kid = "key-1";
    std::string alg = "RS256";
  };
  std::string assertion(const Claims& claims, const jose::SigningKey& key = machine_key()) const {
    jose::ClaimsWriter writer;
    writer.text_if("iss", claims.iss)
        .text_if("sub", claims.sub)
        .strings("aud", claims.aud)
        .time("iat", now() + base::Seconds{claims.iat})
        .time("exp", now() + base::Seconds{claims.exp});
    const auto header = R"({"alg":")" + claims.alg + R"(","kid":")" + claims.kid + R"("})";
    return jose::sign_compact(key, base::to_base64url(header), std::move(writer).finish());
  }
  Result<Grant> grant(const std::string& text, std::string_view scope = "openid") {
    const JwtBearerRequest request{base::Secret(text), Scope::parse(scope)};
    return read(
        [&](store::Transaction& tx) { return grant_by_jwt_bearer(tx, context(), request, now()); });
  }
  bool refused(const Claims& claims) {
    const auto result = grant(assertion(claims));
    if (result) return false;
    EXPECT_EQ(result.error().code, "invalid_grant");
    EXPECT_EQ(result.error().description, "the assertion is not accepted");
    EXPECT_EQ(result.error().detail.find(assertion(claims)), std::string::npos);
    return true;
  }
};

TEST_F(JwtBearerTest, AServiceAccountGetsATokenThatNamesItAndItsClients) {
  const auto granted = grant(assertion({}), "openid profile email nonsense offline_access");
  ASSERT_TRUE(granted) << granted.error().detail;
  const auto& access = granted->access;
  EXPECT_EQ(access.subject, service.subject());
  EXPECT_EQ(access.client_id, service.subject());
  EXPECT_EQ(access.audience, (std::vector<std::string>{"104", "201", "202"}));
  EXPECT_EQ(access.scope, "openid profile email");
  EXPECT_FALSE(granted->id_token);
  EXPECT_FALSE(granted->refresh_token);
  EXPECT_FALSE(opens_own_api(access, test_issuer));

  const auto text = sign(issuer, *granted).access_token;
  const auto live = read([&](store::Transaction& tx) {
    return check_token(tx, sessions, issuer.parse(text, now()).value(), now()).has_value();
  });
  EXPECT_TRUE(live);
  const auto told = [&](const Client& client) {
    return read([&](store::Transaction& tx) {
      return introspect(tx, context(), authenticated(tx, client), text, now()).value();
    });
  };
  EXPECT_NE(told(confidential).find(R"("active":true)"), std::string::npos);
  EXPECT_EQ(told(unbound), R"({"active":false})");
  set_state(service, accounts::UserState::inactive);
  EXPECT_EQ(told(confidential), R"({"active":false})");
}

TEST_F(JwtBearerTest, ScopesNameProjectsOfItsOrganizationAndOurApi) {
  const auto audience = [&](std::string_view scope) {
    auto all = grant(assertion({}), scope)->access.audience;
    return std::vector<std::string>(all.begin() + 3, all.end());
  };
  EXPECT_EQ(audience("urn:zitadel:iam:org:project:id:900:aud"), std::vector<std::string>{"900"});
  EXPECT_TRUE(audience("urn:zitadel:iam:org:project:id:901:aud").empty());
  EXPECT_TRUE(audience("urn:zitadel:iam:org:project:id::aud").empty());
  EXPECT_TRUE(audience("urn:zitadel:iam:org:project:id:aud").empty());
  const auto own = grant(assertion({}), scope_own_api);
  EXPECT_EQ(own->access.audience.back(), test_issuer);
  EXPECT_TRUE(opens_own_api(own->access, test_issuer));
  auto lent = own->access;
  lent.actor = std::make_shared<const Actor>(Actor{"104"});
  EXPECT_FALSE(opens_own_api(lent, test_issuer));
}

TEST_F(JwtBearerTest, WhatIsWrongIsRefused) {
  EXPECT_FALSE(refused({}));
  EXPECT_FALSE(refused({.aud = {test_issuer + std::string("/oauth/v2/token")}}));
  EXPECT_TRUE(refused({.iss = "105"}));
  EXPECT_TRUE(refused({.iss = ""}));
  EXPECT_TRUE(refused({.sub = "105"}));
  EXPECT_TRUE(refused({.sub = ""}));
  EXPECT_TRUE(refused({.iss = "105", .sub = "105"})) << "the key is another's";
  EXPECT_TRUE(refused({.aud = {"http://other"}}));
  EXPECT_TRUE(refused({.aud = {test_issuer, "http://other"}}));
  EXPECT_TRUE(refused({.aud = {}}));
  EXPECT_TRUE(refused({.iat = 61}));
  EXPECT_TRUE(refused({.exp = -60}));
  EXPECT_TRUE(refused({.exp = 3700}));
  EXPECT_TRUE(refused({.kid = "key-2"}));
  EXPECT_TRUE(refused({.kid = ""}));
  EXPECT_TRUE(refused({.alg = "PS256"}));
  EXPECT_TRUE(refused({.alg = "HS256"}));
  EXPECT_TRUE(refused({.alg = "none"}));
  EXPECT_FALSE(grant("a.b.c"));
  const jose::SigningKey stranger(jose::Algorithm::rs256,
                                  jose::PrivateKey::generate(jose::Algorithm::rs256));
  EXPECT_FALSE(grant(assertion({}, stranger)));
}

TEST_F(JwtBearerTest, KeyAndAccountMustBeGood) {
  set_state(service, accounts::UserState::locked);
  EXPECT_TRUE(refused({}));
  set_state(service, accounts::UserState::active);
  EXPECT_FALSE(refused({}));
  clock.advance(std::chrono::days(10));
  EXPECT_TRUE(refused({})) << "the key has expired";
}

TEST_F(JwtBearerTest, AnAssertionIsAskedFor) {
  const auto parsed = parse_jwt_bearer_request(Parameters(Fields{{"assertion", ""}}));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, "invalid_request");
}

}  // namespace
}  // namespace vestibule::oauth
