#include <gtest/gtest.h>

#include "http/forms.h"
#include "remote/fake_zitadel_test.h"
#include "remote/zitadel_client.h"

namespace vestibule::remote {
namespace {

using Kind = CallError::Kind;
using testing::FakeZitadel;
using testing::Reply;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr const char* exchanged = R"({"access_token":"h.p.s",
 "issued_token_type":"urn:ietf:params:oauth:token-type:jwt","token_type":"Bearer",
 "expires_in":43199,"scope":"openid profile email","id_token":"i.i.i"})";
constexpr const char* granted = R"({"access_token":"a.b.c","token_type":"Bearer",
 "expires_in":3600,"scope":"openid offline_access","refresh_token":"next","id_token":"i.i.i"})";

Reply refusal(int status, const std::string& error, const std::string& description) {
  return {.status = status,
          .body = R"({"error":")" + error + R"(","error_description":")" + description + R"("})"};
}

std::string with(std::string body, const std::string& what, const std::string& instead) {
  return body.replace(body.find(what), what.size(), instead);
}

class ZitadelTokensTest : public ::testing::Test {
 protected:
  base::FakeClock clock;
  FakeZitadel remote;
  ZitadelClient client{remote.options(), clock};
  const CodeExchange code{.code = base::Secret("code +&"), .code_verifier = base::Secret("ver")};

  Fields form() const {
    const auto request = remote.last();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.headers.find("Content-Type"), "application/x-www-form-urlencoded");
    EXPECT_FALSE(request.headers.contains("Authorization"));
    return http::Form::parse(request.body).value().fields();
  }
};

TEST_F(ZitadelTokensTest, ExchangesAUserIdForAJwt) {
  remote.answer({{.body = exchanged}});
  const auto tokens = client.impersonate("400");
  ASSERT_TRUE(tokens) << tokens.error().detail;
  EXPECT_EQ(remote.last().target, "/oauth/v2/token");
  EXPECT_EQ(form(), (Fields{{"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
                            {"subject_token", "400"},
                            {"subject_token_type", "urn:zitadel:params:oauth:token-type:user_id"},
                            {"actor_token", "personal-token-of-ours"},
                            {"actor_token_type", "urn:ietf:params:oauth:token-type:access_token"},
                            {"requested_token_type", "urn:ietf:params:oauth:token-type:jwt"},
                            {"scope", "openid profile email"},
                            {"client_id", "client-1"},
                            {"client_secret", "client-secret-of-ours"}}));
  EXPECT_EQ(tokens->access_token.reveal(), "h.p.s");
  EXPECT_EQ(tokens->expires_in, 43199);
  EXPECT_EQ(tokens->scope, "openid profile email");
  EXPECT_EQ(tokens->id_token.value().reveal(), "i.i.i");
  EXPECT_FALSE(tokens->refresh_token);
}

TEST_F(ZitadelTokensTest, APublicClientHasNoSecretToSend) {
  auto options = remote.options();
  options.client_secret = base::Secret();
  options.audience = "project-1";
  ZitadelClient public_client(options, clock);
  remote.answer({{.body = exchanged}});
  EXPECT_TRUE(public_client.impersonate("400"));
  const auto fields = form();
  EXPECT_EQ(fields[fields.size() - 2],
            (std::pair<std::string, std::string>("audience", "project-1")));
  EXPECT_EQ(fields.back(), (std::pair<std::string, std::string>("client_id", "client-1")));
}

TEST_F(ZitadelTokensTest, ATokenThatIsNotTheOneAskedForIsNotUsed) {
  const std::string good = exchanged;
  for (const auto& body :
       {with(good, "token-type:jwt", "token-type:access_token"), with(good, "h.p.s", "opaque"),
        with(good, "h.p.s", "a.b.c.d.e"), with(good, "h.p.s", ""), with(good, "Bearer", "N_A"),
        with(good, "Bearer", "DPoP"), with(good, R"("Bearer")", "7"), with(good, "43199", "0"),
        with(good, "43199", "-1"), with(good, "43199", R"("43199")"), with(good, "43199", "1e400"),
        with(good, "43199", "null"), with(good, R"("h.p.s")", "null"),
        with(good, R"("i.i.i")", "[]"), std::string("{}"), std::string("[]")}) {
    remote.answer({{.body = body}});
    const auto tokens = client.impersonate("400");
    ASSERT_FALSE(tokens) << body;
    EXPECT_EQ(tokens.error().kind, Kind::unknown) << body;
    EXPECT_EQ(tokens.error().status, 200);
  }
}

TEST_F(ZitadelTokensTest, RefusalsOfAnExchange) {
  const std::vector<std::pair<Reply, std::string>> refusals{
      {refusal(400, "invalid_request", "subject_token invalid"), "invalid_request"},
      {refusal(404, "invalid_request", "Errors.User.NotFound"), "invalid_request"},
      {refusal(403, "invalid_request", "No matching permissions found"), "invalid_request"},
      {refusal(400, "invalid_client", "invalid secret"), "invalid_client"},
      {refusal(401, "invalid_client", "invalid secret"), "invalid_client"},
      {refusal(400, "invalid_request", "actor_token invalid"), "invalid_request"}};
  for (const auto& [reply, code_expected] : refusals) {
    remote.answer({reply});
    const auto before = remote.count();
    const auto tokens = client.impersonate("400");
    ASSERT_FALSE(tokens);
    EXPECT_TRUE(tokens.error().is(code_expected)) << tokens.error().detail;
    EXPECT_EQ(tokens.error().status, reply.status);
    EXPECT_EQ(remote.count(), before + 1) << "a personal token is not renewed";
  }
}

TEST_F(ZitadelTokensTest, RedeemsACode) {
  remote.answer({{.body = granted}});
  const auto tokens = client.redeem_code(code);
  ASSERT_TRUE(tokens);
  EXPECT_EQ(form(), (Fields{{"grant_type", "authorization_code"},
                            {"code", "code +&"},
                            {"redirect_uri", "https://shop.test/guest/v1/callback"},
                            {"code_verifier", "ver"},
                            {"client_id", "client-1"},
                            {"client_secret", "client-secret-of-ours"}}));
  EXPECT_EQ(tokens->scope, "openid offline_access");
  EXPECT_EQ(tokens->refresh_token.value().reveal(), "next");
}

TEST_F(ZitadelTokensTest, ACodeThatIsSpent) {
  remote.answer({refusal(400, "invalid_grant", "code +& was used")});
  const auto tokens = client.redeem_code(code);
  ASSERT_FALSE(tokens);
  EXPECT_TRUE(tokens.error().is("invalid_grant"));
  EXPECT_EQ(tokens.error().detail, "authorization code: 400 invalid_grant: [hidden] was used");
}

TEST_F(ZitadelTokensTest, AScopeThatIsNotNamedIsTheOneAskedFor) {
  remote.answer({{.body = with(granted, R"("scope":"openid offline_access",)", "")}});
  EXPECT_EQ(client.redeem_code(code).value().scope, "openid profile email offline_access");
}

TEST_F(ZitadelTokensTest, Refreshes) {
  remote.answer({{.body = with(granted, R"(,"id_token":"i.i.i")", "")}});
  const auto tokens = client.refresh(base::Secret("handle"));
  ASSERT_TRUE(tokens);
  EXPECT_EQ(form(), (Fields{{"grant_type", "refresh_token"},
                            {"refresh_token", "handle"},
                            {"client_id", "client-1"},
                            {"client_secret", "client-secret-of-ours"}}));
  EXPECT_FALSE(tokens->id_token);
  remote.answer({refusal(400, "invalid_grant", "Errors.OIDCSession.RefreshTokenInvalid")});
  EXPECT_TRUE(client.refresh(base::Secret("handle")).error().is("invalid_grant"));
}

TEST_F(ZitadelTokensTest, Revokes) {
  remote.answer({{.body = ""}});
  EXPECT_TRUE(client.revoke(base::Secret("handle")));
  EXPECT_EQ(remote.last().target, "/oauth/v2/revoke");
  EXPECT_EQ(form(), (Fields{{"token", "handle"},
                            {"token_type_hint", "refresh_token"},
                            {"client_id", "client-1"},
                            {"client_secret", "client-secret-of-ours"}}));
  remote.answer({refusal(400, "invalid_client", "invalid secret")});
  EXPECT_TRUE(client.revoke(base::Secret("handle")).error().is("invalid_client"));
}

}  // namespace
}  // namespace vestibule::remote
