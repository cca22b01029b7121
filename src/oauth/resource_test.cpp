#include "oauth/resource.h"

#include "oauth/authorization.h"
#include "oauth/proved_key.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

class ResourceTest : public OAuthTest {
 protected:
  static std::string code_of(const auto& result) {
    return result ? "ok" : std::string(result.error().code);
  }
  auto authorize(const Fields& more) {
    Fields fields = {{"client_id", confidential.client_id()},
                     {"redirect_uri", test_redirect},
                     {"response_type", "code"},
                     {"scope", "openid"},
                     {"code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
                     {"code_challenge_method", "S256"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return read([&](store::Transaction& tx) {
      return validate_authorization(tx, issuer, {Parameters(fields)}, now());
    });
  }
  std::string error_of(const Fields& more) {
    const auto result = authorize(more);
    if (result) return "ok";
    const auto* error = std::get_if<DeliverableError>(&result.error());
    return error ? std::string(error->error.code) : "not redirectable";
  }
};

TEST_F(ResourceTest, EachIsAnAbsoluteUriOnce) {
  const auto resources = parse_resources(Parameters({{"resource", "https://a.test"},
                                                     {"resource", ""},
                                                     {"resource", "urn:b"},
                                                     {"resource", "https://a.test"}}));
  EXPECT_EQ(resources.value(), (std::vector<std::string>{"https://a.test", "urn:b"}));
  for (const char* bad : {"api", "/v1", "https://a.test/#part", "https://a.test/ x", "https:"}) {
    EXPECT_EQ(code_of(parse_resources(Parameters({{"resource", bad}}))), "invalid_target") << bad;
  }
  Fields many;
  for (int i = 0; i < 17; ++i) many.emplace_back("resource", "urn:x" + std::to_string(i));
  EXPECT_EQ(code_of(parse_resources(Parameters(many))), "invalid_target");
}

TEST_F(ResourceTest, AClientNamesItsOwnTargetsOnly) {
  EXPECT_TRUE(may_name_target(confidential, "https://api.acme.test"));
  EXPECT_TRUE(may_name_target(confidential, confidential.client_id()));
  EXPECT_TRUE(may_name_target(confidential, "900"));
  EXPECT_FALSE(may_name_target(confidential, "https://api.acme.test/"));
  EXPECT_FALSE(may_name_target(confidential, "HTTPS://api.acme.test"));
  EXPECT_FALSE(may_name_target(confidential, ""));
  EXPECT_FALSE(may_name_target(unbound, "https://api.acme.test"));
}

TEST_F(ResourceTest, AnAuthorizationRequestIsRememberedWithItsResourcesAndKey) {
  const std::string jkt = base::to_base64url(base::sha256("key"));
  const auto request = authorize({{"resource", "https://api.acme.test"}, {"dpop_jkt", jkt}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->details.resource, std::vector<std::string>{"https://api.acme.test"});
  EXPECT_EQ(request->details.confirmation.jkt, jkt);
}

// RFC 9449 section 10.1.
TEST_F(ResourceTest, AProofBesideAPushedRequestNamesItsKey) {
  const auto key_of = [](Fields fields, std::optional<std::string> jkt) {
    const auto parameters = with_proved_key(Parameters(std::move(fields)), jkt);
    return parameters ? parameters->get("dpop_jkt") : std::string(parameters.error().code);
  };
  EXPECT_EQ(key_of({{"state", "s"}}, "a"), "a");
  EXPECT_EQ(key_of({{"dpop_jkt", ""}}, "a"), "a");
  EXPECT_EQ(key_of({{"dpop_jkt", "a"}}, "a"), "a");
  EXPECT_EQ(key_of({{"dpop_jkt", "b"}}, "a"), "invalid_request");
  EXPECT_EQ(key_of({{"dpop_jkt", "b"}}, std::nullopt), "b");
  EXPECT_EQ(key_of({{"state", "s"}}, std::nullopt), "");
}

TEST_F(ResourceTest, AnAuthorizationRequestThatNamesAnythingElseGoesBack) {
  EXPECT_EQ(error_of({{"resource", "https://evil.test"}}), "invalid_target");
  EXPECT_EQ(error_of({{"resource", "https://api.acme.test"}, {"resource", "https://evil.test"}}),
            "invalid_target");
  EXPECT_EQ(error_of({{"resource", "api"}}), "invalid_target");
  for (const char* jkt : {"x", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4", "0ZcOCORZNYy DWpqq"}) {
    EXPECT_EQ(error_of({{"dpop_jkt", jkt}}), "invalid_request") << jkt;
  }
}

}  // namespace
}  // namespace vestibule::oauth
