#include "web/client_card.h"

#include <gtest/gtest.h>

#include "oauth/claim_names.h"
#include "web/scope_words.h"

namespace vestibule::web {
namespace {

TEST(ClientCard, OnlyAPlainHttpsHostGetsIntoThePolicy) {
  EXPECT_EQ(policy_origin("https://a.test/logo.png"), "https://a.test");
  EXPECT_EQ(policy_origin("https://a.test:8443?x"), "https://a.test:8443");
  for (const auto* bad : {"", "http://a.test/l.png", "https://", "https:///l.png", "//a.test/l.png",
                          "https://a.test; script-src *", "https://*/l.png", "https://user@a.test/",
                          "https://a.test'unsafe-inline'", "https://a.test,b", "data:image/png,",
                          "https://[::1]/l.png", "https://a.test\r\nX: y"}) {
    EXPECT_EQ(policy_origin(bad), "") << bad;
  }
}

TEST(ClientCard, AClientsRegistrationIsNotBelieved) {
  oauth::Client client;
  client.name = "<script>alert(1)</script>";
  client.display = {.logo_uri = "http://a.test/\"onerror=\"x",
                    .client_uri = "javascript:alert(1)",
                    .policy_uri = "https://a.test/\"><b>",
                    .tos_uri = "data:text/html,x"};
  const auto card = client_card(client);
  EXPECT_EQ(card.logo_origin, "");
  EXPECT_EQ(card.html.find("<script>"), std::string::npos);
  EXPECT_EQ(card.html.find("javascript:"), std::string::npos);
  EXPECT_EQ(card.html.find("data:"), std::string::npos);
  EXPECT_EQ(card.html.find("<img"), std::string::npos);
  EXPECT_EQ(card.html.find("<b>"), std::string::npos);
  EXPECT_NE(card.html.find("client-policy"), std::string::npos);
}

TEST(ClientCard, ALogoIsShownFromItsOwnOrigin) {
  oauth::Client client;
  client.name = "Shop";
  client.display.logo_uri = "https://a.test/logo.png";
  const auto card = client_card(client);
  EXPECT_EQ(card.logo_origin, "https://a.test");
  EXPECT_NE(card.html.find("id=\"client-logo\""), std::string::npos);
}

TEST(ScopeWords, EveryClaimHasASentenceAndAudiencesHaveNone) {
  EXPECT_EQ(describe_words(oauth::Scope::parse("openid")).size(), 0U);
  EXPECT_EQ(describe_words(oauth::Scope::parse("openid email offline_access claim:picture")).size(),
            3U);
  EXPECT_EQ(describe_words(oauth::Scope::parse("urn:zitadel:iam:org:project:id:1:aud")).size(), 0U);
  for (const auto& claim : oauth::claim_names) {
    EXPECT_EQ(describe_words(oauth::Scope::parse("claim:" + std::string(claim.name))).size(), 1U)
        << claim.name;
  }
}

}  // namespace
}  // namespace vestibule::web
