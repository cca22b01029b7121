#include "oauth/consents.h"

#include <gmock/gmock.h>

#include "oauth/test_support.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

class ConsentsTest : public OAuthTest {
 protected:
  ConsentsTest() {
    confidential.consent = Consent::asked;
    write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  }

  Authorization request(const std::string& scope, const std::string& prompt = "",
                        const std::string& claims = "") {
    const Fields fields = {{"client_id", confidential.client_id()},
                           {"redirect_uri", test_redirect},
                           {"response_type", "code"},
                           {"scope", scope},
                           {"prompt", prompt},
                           {"claims", claims},
                           {"code_challenge", base::to_base64url(base::sha256(test_verifier))},
                           {"code_challenge_method", "S256"}};
    return read([&](store::Transaction& tx) {
             return validate_authorization(tx, issuer, {Parameters(fields)}, now());
           })
        .value();
  }
  ConsentStep step(const Authorization& asked) { return step(asked, account.id); }
  ConsentStep step(const Authorization& asked, base::UserId user) {
    return read([&](store::Transaction& tx) { return decide_consent(tx, asked, user); });
  }
  void allow(const Authorization& asked) {
    write([&](store::Transaction& tx) { record_consent(tx, asked, account.id, now()); });
  }
  std::vector<GivenConsent> given(base::UserId user) {
    return read([&](store::Transaction& tx) { return list_consents(tx, user); });
  }
};

TEST_F(ConsentsTest, WhatWasAllowedIsNotAskedAgainAndMoreIs) {
  EXPECT_EQ(step(request("openid email")), ConsentStep::ask);
  allow(request("openid email"));
  EXPECT_EQ(step(request("openid email")), ConsentStep::none);
  EXPECT_EQ(step(request("openid")), ConsentStep::none);
  EXPECT_EQ(step(request("openid email profile")), ConsentStep::ask);
  EXPECT_EQ(step(request("openid email offline_access")), ConsentStep::ask);
  allow(request("openid offline_access"));
  EXPECT_EQ(step(request("openid email offline_access")), ConsentStep::none);
}

TEST_F(ConsentsTest, ClaimsByNameNeedConsentUnlessTheirScopeIsAskedForToo) {
  const std::string claims = R"({"userinfo":{"email":null},"id_token":{"picture":null}})";
  allow(request("openid"));
  EXPECT_EQ(step(request("openid", "", claims)), ConsentStep::ask);
  EXPECT_EQ(words_to_allow(request("openid", "", claims)).text(),
            "openid claim:email claim:picture");
  EXPECT_EQ(words_to_allow(request("openid profile", "", claims)).text(),
            "openid profile claim:email");
  allow(request("openid", "", claims));
  EXPECT_EQ(step(request("openid", "", claims)), ConsentStep::none);
  EXPECT_EQ(step(request("openid email")), ConsentStep::ask);
}

TEST_F(ConsentsTest, ThePromptDecidesWhetherAPageMayBeOrMustBeShown) {
  EXPECT_EQ(step(request("openid", "none")), ConsentStep::refuse);
  allow(request("openid"));
  EXPECT_EQ(step(request("openid", "none")), ConsentStep::none);
  EXPECT_EQ(step(request("openid", "consent")), ConsentStep::ask);
  EXPECT_EQ(step(request("openid", "login consent")), ConsentStep::ask);
  EXPECT_EQ(step(request("openid", "login")), ConsentStep::none);
}

TEST_F(ConsentsTest, NobodyIsAskedForATrustedClientOrForNothing) {
  confidential.consent = Consent::implied;
  write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  EXPECT_EQ(step(request("openid", "consent")), ConsentStep::none);
  confidential.consent = Consent::asked;
  write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  // issue_code refuses these.
  EXPECT_EQ(step(request("openid"), guest.id), ConsentStep::none);
  set_state(account, accounts::UserState::locked);
  EXPECT_EQ(step(request("openid")), ConsentStep::none);
}

TEST_F(ConsentsTest, TakingItBackEndsWhatTheClientHolds) {
  allow(request("openid offline_access"));
  const auto family = base::Uuid::make(now(), random);
  const auto other = base::Uuid::make(now(), random);
  write([&](store::Transaction& tx) {
    for (const auto& [id, client] : {std::pair{family, confidential.id}, {other, unbound.id}}) {
      sessions::insert_family(tx, {.id = id,
                                   .client = client,
                                   .user = account.id,
                                   .scope = "openid",
                                   .rotated_at = now(),
                                   .created_at = now(),
                                   .expires_at = now() + base::Seconds{600}});
    }
    EXPECT_FALSE(revoke_consent(tx, account.id, unbound.id));
    EXPECT_FALSE(revoke_consent(tx, administrator.id, confidential.id));
    EXPECT_TRUE(revoke_consent(tx, account.id, confidential.id));
    EXPECT_FALSE(sessions::find_family(tx, family, now()));
    EXPECT_TRUE(sessions::find_family(tx, other, now()));
  });
  EXPECT_EQ(step(request("openid")), ConsentStep::ask);
}

TEST_F(ConsentsTest, ConsentsEndWithTheirUserAndTheirClient) {
  allow(request("openid"));
  EXPECT_THAT(given(account.id), SizeIs(1));
  write([&](store::Transaction& tx) { erase_consents(tx, unbound.id); });
  EXPECT_THAT(given(account.id), SizeIs(1));
  write([&](store::Transaction& tx) { erase_consents(tx, confidential.id); });
  EXPECT_THAT(given(account.id), IsEmpty());
  allow(request("openid"));
  write([&](store::Transaction& tx) { accounts::delete_user_rows(tx, account, "test", now()); });
  EXPECT_THAT(given(account.id), IsEmpty());
}

}  // namespace
}  // namespace vestibule::oauth
