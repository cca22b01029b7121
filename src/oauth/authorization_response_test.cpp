#include "oauth/authorization_response.h"

#include "jose/jwt.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

class AuthorizationResponseTest : public OAuthTest {
 protected:
  ResponseTarget target(const std::string& mode, const std::string& uri = "https://a.test/cb") {
    return ResponseTarget::of(confidential, uri,
                              Parameters({{"state", "st&te"}, {"response_mode", mode}}));
  }
  std::string location(const std::string& mode, const std::string& uri = "https://a.test/cb") {
    return response_location(success_response(target(mode, uri), "c", "https://i.test"));
  }
};

TEST_F(AuthorizationResponseTest, AModeHasOneNameAndAnythingElseIsNone) {
  for (const auto& name : response_mode_names()) EXPECT_TRUE(parse_response_mode(name)) << name;
  EXPECT_EQ(parse_response_mode("jwt"), parse_response_mode("query.jwt"));
  for (const auto* name : {"", "Query", "query ", "form-post", "web_message", "jwt.query"}) {
    EXPECT_FALSE(parse_response_mode(name)) << name;
  }
}

TEST_F(AuthorizationResponseTest, QueryAndFragmentCarryStateAndIssuer) {
  const std::string fields = "code=c&state=st%26te&iss=https%3A%2F%2Fi.test";
  EXPECT_EQ(location("query"), "https://a.test/cb?" + fields);
  EXPECT_EQ(location(""), "https://a.test/cb?" + fields);
  EXPECT_EQ(location("query", "https://a.test/cb?x=1"), "https://a.test/cb?x=1&" + fields);
  EXPECT_EQ(location("fragment", "https://a.test/cb?x=1"), "https://a.test/cb?x=1#" + fields);
}

TEST_F(AuthorizationResponseTest, AnErrorSaysOnlyWhatThereIsToSay) {
  auto to = target("query");
  to.state.clear();
  EXPECT_EQ(response_location(error_response({to, {"access_denied", ""}}, "i")),
            "https://a.test/cb?error=access_denied&iss=i");
}

TEST_F(AuthorizationResponseTest, APackedResponseIsASignedJwtForTheClientAlone) {
  for (const bool failed : {false, true}) {
    const auto plain = failed
                           ? error_response({target("jwt"), {"access_denied", "no"}}, test_issuer)
                           : success_response(target("jwt"), "c", test_issuer);
    const auto packed = pack_response(*TestKeys::shared().ring.ring(), plain, now());
    ASSERT_EQ(packed.fields.size(), 1);
    EXPECT_EQ(packed.fields[0].first, "response");
    const auto jws = jose::parse_compact(packed.fields[0].second).value();
    const auto ring = TestKeys::shared().ring.ring();
    const auto payload =
        jose::verify_jws(jws, ring->verification_keys(), {jose::Algorithm::rs256}).value();
    const auto seconds = base::to_milliseconds(now()) / 1000;
    const auto head = R"({"aud":")" + confidential.client_id() + R"(","iat":)" +
                      std::to_string(seconds) + R"(,"exp":)" + std::to_string(seconds + 300);
    const std::string said =
        failed ? R"("error":"access_denied","error_description":"no")" : R"("code":"c")";
    EXPECT_EQ(payload, head + "," + said + R"(,"state":"st&te","iss":")" + test_issuer + "\"}");
    // It can never be taken for an ID token.
    EXPECT_FALSE(issuer.parse_id_token(packed.fields[0].second, jose::Expiry::ignored, now()));
  }
}

TEST_F(AuthorizationResponseTest, TheClientChoosesTheAlgorithm) {
  EXPECT_EQ(target("jwt").algorithm, jose::Algorithm::rs256);
  confidential.profile = Profile::fapi2_security;
  confidential.id_token_algorithm = jose::Algorithm::ps256;
  EXPECT_EQ(target("jwt").algorithm, jose::Algorithm::ps256);
  confidential.authorization_response_algorithm = jose::Algorithm::es256;
  EXPECT_EQ(target("jwt").algorithm, jose::Algorithm::es256);
}

}  // namespace
}  // namespace vestibule::oauth
