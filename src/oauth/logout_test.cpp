#include "oauth/logout.h"

#include "jose/jwt.h"
#include "oauth/grants/authorization_code.h"
#include "oauth/logout_token.h"
#include "oauth/test_support.h"
#include "sessions/logout_notices.h"
#include "sessions/session_clients.h"

namespace vestibule::oauth {
namespace {

class Logout : public OAuthTest {
 protected:
  void listen(std::string back, std::string front) {
    confidential.backchannel_logout.uri = std::move(back);
    confidential.frontchannel_logout.uri = std::move(front);
    write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  }
  /// A code of the client for the account's session, redeemed.
  void redeem(const base::SessionId& session, const std::string& scope) {
    write([&](store::Transaction& tx) {
      sessions::insert_code(tx, "code" + scope,
                            {.client = confidential.id,
                             .user = account.id,
                             .session = session,
                             .redirect_uri = test_redirect,
                             .scope = scope,
                             .code_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                             .auth_time = now(),
                             .amr = "pwd",
                             .created_at = now(),
                             .expires_at = now() + base::Milliseconds{60'000}});
      const auto grant = grant_by_code(tx, context(), authenticated(tx, confidential),
                                       {"code" + scope, test_redirect, test_verifier}, now());
      EXPECT_TRUE(grant.verdict);
    });
  }
  std::vector<std::string> frames(const base::SessionId& session) {
    return read([&](store::Transaction& tx) {
      return frontchannel_logout_urls(tx, "https://op.test", session);
    });
  }
  std::vector<base::ClientId> known(const base::SessionId& session) {
    return read(
        [&](store::Transaction& tx) { return sessions::list_session_clients(tx, session); });
  }
};

TEST_F(Logout, OnlyAClientThatWantsToBeToldIsRemembered) {
  const auto session = sign_in(account.id);
  redeem(session, "openid");
  EXPECT_TRUE(known(session).empty());
  listen("https://rp.test/logout", "");
  redeem(session, "profile");
  EXPECT_TRUE(known(session).empty());
  redeem(session, "openid email");
  EXPECT_EQ(known(session), std::vector{confidential.id});
  EXPECT_TRUE(frames(session).empty());
}

TEST_F(Logout, AFrameSaysIssuerAndSessionAndKeepsTheQuery) {
  const auto session = sign_in(account.id);
  listen("", "https://rp.test/logout");
  redeem(session, "openid");
  const auto said = "iss=https%3A%2F%2Fop.test&sid=" + session.token();
  EXPECT_EQ(frames(session), std::vector{"https://rp.test/logout?" + said});
  listen("", "https://rp.test/logout?a=b");
  EXPECT_EQ(frames(session), std::vector{"https://rp.test/logout?a=b&" + said});
  listen("https://rp.test/back", "");
  EXPECT_TRUE(frames(session).empty());
}

TEST_F(Logout, AChangeOfStandingTellsTheClientWhomItKnew) {
  const auto session = sign_in(account.id);
  listen("https://rp.test/logout", "");
  redeem(session, "openid");
  write(
      [&](store::Transaction& tx) { accounts::change_standing(tx, sessions, account.id, now()); });
  const auto due =
      read([&](store::Transaction& tx) { return sessions::list_due_notices(tx, now(), 10); });
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].client, confidential.id);
  EXPECT_EQ(due[0].subject, account.subject());
}

TEST_F(Logout, ALogoutTokenIsWhatTheSpecificationSaysAndNoIdToken) {
  const auto session = sign_in(account.id);
  const LogoutToken token{"102", confidential.id, session, now(), "j"};
  const auto text =
      sign_logout_token(test_issuer, TestKeys::shared().ring, token, jose::Algorithm::rs256);
  const auto ring = TestKeys::shared().ring.ring();
  const auto claims = jose::verify(text, ring->verification_keys(),
                                   {.issuer = test_issuer,
                                    .audience = jose::AnyAudience{},
                                    .allowed = {jose::Algorithm::rs256},
                                    .types = {"logout+jwt"}},
                                   now());
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject, "102");
  EXPECT_TRUE(claims->has_audience(confidential.client_id()));
  EXPECT_EQ(claims->session_id, session.token());
  EXPECT_EQ(claims->expires_at, now() + base::Seconds{120});
  EXPECT_NE(
      claims->json.find(R"("events":{"http://schemas.openid.net/event/backchannel-logout":{}})"),
      std::string::npos);
  EXPECT_EQ(claims->json.find("nonce"), std::string::npos);
  // RFC 8725 3.11: it is no ID token, whatever a caller passes it off as.
  EXPECT_FALSE(issuer.parse_id_token(text, jose::Expiry::ignored, now()));
  EXPECT_FALSE(issuer.parse(text, now()));
}

}  // namespace
}  // namespace vestibule::oauth
