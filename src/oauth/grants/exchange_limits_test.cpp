#include "oauth/grants/exchange_limits.h"

#include "oauth/grants/test_support.h"
#include "oauth/liveness.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

using ExchangeLimitsTest = TokenExchangeTest;

TEST_F(ExchangeLimitsTest, ScopeIsNarrowedToWhatIsKnownAndAllowed) {
  const auto response = exchange({{"scope", "openid foo"}});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->scope, "openid");
  expect_refused(exchange({{"scope", "openid offline_access"}}), "invalid_scope",
                 "scope \"offline_access\" not found in subject or actor token");
  expect_refused(exchange({{"scope", "foo"}}), "invalid_scope",
                 "none of the requested scopes is known");
  expect_refused(
      exchange({{"scope", ""}}), "invalid_request",
      "The scope of your request is missing. Please ensure some scopes are requested. "
      "If you have any questions, you may contact the administrator of the application.");
}

TEST_F(ExchangeLimitsTest, AudienceAndResourceAreWhatTheClientMayName) {
  const auto response = exchange({{"audience", "900"}, {"resource", "https://api.acme.test"}});
  ASSERT_TRUE(response);
  const auto token = issuer.parse(response->access_token, now());
  EXPECT_EQ(token->audience, (std::vector<std::string>{"900", "https://api.acme.test"}));
  const auto id = issuer.parse_id_token(response->id_token, jose::Expiry::enforced, now());
  EXPECT_TRUE(id->has_audience(confidential.client_id()));
  expect_refused(exchange({{"audience", "foo"}}), "invalid_target",
                 "audience \"foo\" not found in subject or actor token");
  expect_refused(exchange({{"resource", "https://evil.test"}}), "invalid_target",
                 "resource \"https://evil.test\" not found in subject or actor token");
  for (const auto* malformed :
       {"no-uri", ":", "https:", "://a", "1a://b", "https://a#", "https://a#b", "https://a b",
        "https://a/\"", "https://a/\\", "https://\xC3\xBC", "https://a/%", "https://a/%4",
        "https://a/%4g", "https://a\n"}) {
    expect_refused(exchange({{"resource", malformed}}), "invalid_target",
                   "resource is not an absolute URI");
  }
  // What the caller sent is repeated only as RFC 6749 5.2 allows it.
  expect_refused(exchange({{"audience", "a\"\\\xC3\xBC"}}), "invalid_target",
                 "audience \"a????\" not found in subject or actor token");
}

TEST_F(ExchangeLimitsTest, ATokenOfOnesOwnIsNarrowedAndLivesNoLonger) {
  const auto session = sign_in(account.id);
  const auto own = own_token(account, "openid profile email", session);
  for (const auto& text :
       {issuer.seal_access_token(own), issuer.sign_access_token(own, jose::Algorithm::es256)}) {
    auto changes = with_subject(text);
    changes.emplace_back("scope", "openid");
    const auto response = exchange(changes);
    ASSERT_TRUE(response) << response.error().detail;
    const auto token = issuer.parse(response->access_token, now());
    EXPECT_EQ(token->session, session);
    EXPECT_EQ(token->actor, nullptr);
    EXPECT_EQ(token->acr, "1");
    EXPECT_EQ(response->expires_in.count(), 600);
  }
  auto wider = with_subject(issuer.seal_access_token(own_token(account, "openid", session)));
  expect_refused(exchange(wider), "invalid_scope",
                 "scope 'profile' not found in subject or actor token");
}

TEST_F(ExchangeLimitsTest, AnIdTokenLeadsToNoMoreThanItShows) {
  const auto session = sign_in(account.id);
  IdToken id{.subject = account.subject(),
             .audience = {confidential.client_id()},
             .client_id = confidential.client_id(),
             .issued_at = now(),
             .expires_at = now() + base::Seconds{600},
             .session = session,
             .claims = R"(,"updated_at":1)"};
  auto changes =
      with_subject(issuer.sign_id_token(id, jose::Algorithm::rs256), token_type_id_token);
  expect_refused(exchange(changes), "invalid_scope",
                 "scope 'profile' not found in subject or actor token");
  changes.emplace_back("scope", "");
  const auto response = exchange(changes);
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->scope, "openid");
}

TEST_F(ExchangeLimitsTest, WithoutOpenidThereIsNoIdToken) {
  const auto own =
      issuer.seal_access_token(own_token(account, "profile email", sign_in(account.id)));
  auto changes = with_subject(own);
  changes.emplace_back("scope", "profile");
  const auto response = exchange(changes);
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->id_token.empty());
  changes.emplace_back("requested_token_type", std::string(token_type_id_token));
  expect_refused(exchange(changes), "invalid_scope", "an ID token needs the scope openid");
  expect_refused(
      exchange({{"scope", "email"}, {"requested_token_type", std::string(token_type_id_token)}}),
      "invalid_scope", "an ID token needs the scope openid");
}

TEST_F(ExchangeLimitsTest, WithoutAScopeOneGetsAllThatTheTokensAllow) {
  const auto session = sign_in(account.id);
  auto own = own_token(account, "openid email offline_access", session);
  auto changes = with_subject(issuer.seal_access_token(own));
  changes.emplace_back("scope", "");
  const auto response = exchange(changes);
  ASSERT_TRUE(response) << response.error().description;
  EXPECT_EQ(response->scope, "openid email");
  EXPECT_TRUE(response->refresh_token.reveal().empty());
}

TEST_F(ExchangeLimitsTest, WhatIsBoundToAKeyStaysBound) {
  const auto session = sign_in(account.id);
  auto own = own_token(account, "openid profile email", session);
  own.confirmation.jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
  own.acr = "urn:acme:strong";
  auto changes = with_subject(issuer.seal_access_token(own));
  for (const auto type : {token_type_access_token, token_type_jwt}) {
    changes.emplace_back("requested_token_type", std::string(type));
    const auto response = exchange(changes);
    ASSERT_TRUE(response) << response.error().detail;
    const auto token = issuer.parse(response->access_token, now());
    EXPECT_EQ(token->confirmation, own.confirmation);
    EXPECT_EQ(token->acr, own.acr);
  }
  auto actor = own_token(service, "openid profile email", sign_in(service.id));
  EXPECT_TRUE(exchange({{"actor_token", issuer.seal_access_token(actor)}}));
  actor.confirmation = own.confirmation;
  expect_refused(exchange({{"actor_token", issuer.seal_access_token(actor)}}), "invalid_request",
                 "actor_token invalid");
}

TEST_F(ExchangeLimitsTest, TheNewTokenOutlivesNeitherActorTokenNorGrant) {
  auto actor = own_token(service, "openid profile email", sign_in(service.id));
  actor.expires_at = now() + base::Seconds{60};
  const auto response = exchange({{"actor_token", issuer.seal_access_token(actor)}});
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(response->expires_in.count(), 60);

  const auto session = sign_in(account.id);
  const sessions::RefreshFamily family{.id = base::Uuid::make(now(), random),
                                       .client = confidential.id,
                                       .user = account.id,
                                       .scope = "openid profile email",
                                       .rotated_at = now(),
                                       .created_at = now(),
                                       .expires_at = now() + std::chrono::days(1)};
  write([&](store::Transaction& tx) { sessions::insert_family(tx, family); });
  auto own = own_token(account, "openid profile email", session);
  own.grant = family.id;
  const auto derived = exchange(with_subject(issuer.seal_access_token(own)));
  ASSERT_TRUE(derived) << derived.error().detail;
  const auto token = issuer.parse(derived->access_token, now());
  const auto lives = [&] {
    return read([&](store::Transaction& tx) {
      return check_token(tx, sessions, *token, now()).has_value();
    });
  };
  EXPECT_TRUE(lives());
  write([&](store::Transaction& tx) { sessions::revoke_family(tx, family.id); });
  EXPECT_FALSE(lives());
}

}  // namespace
}  // namespace vestibule::oauth
