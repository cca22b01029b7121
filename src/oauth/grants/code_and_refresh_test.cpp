#include "jose/claims_writer.h"
#include "oauth/client_assertion.h"
#include "oauth/grants/authorization_code.h"
#include "oauth/grants/client_credentials.h"
#include "oauth/grants/refresh_token.h"
#include "oauth/introspection.h"
#include "oauth/liveness.h"
#include "oauth/revocation.h"
#include "oauth/test_support.h"
#include "oauth/userinfo.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

class CodeAndRefreshTest : public OAuthTest {
 protected:
  CodeAndRefreshTest() { session = sign_in(account.id); }

  std::string new_code(
      const std::string& scope = "openid profile email offline_access",
      std::optional<std::string> challenge = base::to_base64url(base::sha256(test_verifier))) {
    std::string code = base::random_token(random);
    write([&](store::Transaction& tx) {
      sessions::insert_code(tx, code,
                            {.client = confidential.id,
                             .user = account.id,
                             .session = session,
                             .redirect_uri = test_redirect,
                             .scope = scope,
                             .nonce = "n",
                             .code_challenge = std::move(challenge),
                             .auth_time = now(),
                             .amr = "pwd",
                             .created_at = now(),
                             .expires_at = now() + base::Seconds{60}});
    });
    return code;
  }

  Result<TokenResponse> finish(Settled<Grant> settled) {
    if (!settled.verdict) return std::unexpected(std::move(settled.verdict.error()));
    return sign(issuer, std::move(*settled.verdict));
  }
  Result<TokenResponse> redeem(CodeRequest request, const Client& client) {
    return finish(write([&](store::Transaction& tx) {
      return grant_by_code(tx, context(), authenticated(tx, client), request, now());
    }));
  }
  Result<TokenResponse> redeem(const std::string& code) {
    return redeem({code, test_redirect, test_verifier}, confidential);
  }
  Result<TokenResponse> refresh(const base::Secret& token, const Client& client,
                                std::optional<Scope> scope = {}) {
    return finish(write([&](store::Transaction& tx) {
      return grant_by_refresh(tx, context(), authenticated(tx, client), {token, scope}, now());
    }));
  }
  static std::string code_of(const Result<TokenResponse>& result) {
    return result ? "ok" : std::string(result.error().code);
  }
  bool live(const std::string& token) {
    const auto parsed = issuer.parse(token, now());
    return parsed && read([&](store::Transaction& tx) {
             return check_token(tx, sessions, *parsed, now()).has_value();
           });
  }
  std::string introspected(const std::string& token, const Client& client) {
    return read([&](store::Transaction& tx) {
             return introspect(tx, context(), authenticated(tx, client), token, now());
           })
        .value();
  }

  base::SessionId session;
};

TEST_F(CodeAndRefreshTest, ACodeGivesTokensThatNameTheSession) {
  const auto response = redeem(new_code());
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_FALSE(response->refresh_token.empty());
  const auto access = issuer.parse(response->access_token, now());
  EXPECT_EQ(access->session, session);
  EXPECT_EQ(access->acr, "1");
  const auto id = issuer.parse_id_token(response->id_token, jose::Expiry::enforced, now());
  EXPECT_EQ(id->nonce, "n");
  EXPECT_EQ(id->session_id, session.token());
  EXPECT_TRUE(redeem(new_code("openid"))->refresh_token.empty());
  EXPECT_TRUE(redeem(new_code("profile"))->id_token.empty());
}

TEST_F(CodeAndRefreshTest, WhatDoesNotBelongToTheCodeIsRefusedAndUsesItUp) {
  const std::string wrong_verifier(43, 'a');
  const auto expect_burnt = [&](const CodeRequest& request, const Client& client) {
    EXPECT_EQ(code_of(redeem(request, client)), "invalid_grant");
    EXPECT_EQ(code_of(redeem(request.code)), "invalid_grant");
  };
  expect_burnt({new_code(), test_redirect, wrong_verifier}, confidential);
  expect_burnt({new_code(), "http://localhost:3100/other", test_verifier}, confidential);
  expect_burnt({new_code(), test_redirect, test_verifier}, unbound);
  EXPECT_EQ(code_of(redeem("nonsense")), "invalid_grant");
  const auto late = new_code();
  clock.advance(base::Seconds{61});
  EXPECT_EQ(code_of(redeem(late)), "invalid_grant");
}

TEST_F(CodeAndRefreshTest, ACodeDiesWithSessionUserAndStanding) {
  const auto first = new_code();
  set_state(account, accounts::UserState::inactive);
  EXPECT_EQ(code_of(redeem(first)), "invalid_grant");
  set_state(account, accounts::UserState::active);
  const auto second = new_code();
  write([&](store::Transaction& tx) { sessions.end(tx, session, now()); });
  EXPECT_EQ(code_of(redeem(second)), "invalid_grant");
}

TEST_F(CodeAndRefreshTest, AReplayEndsEverythingThatTheCodeGave) {
  const auto code = new_code();
  const auto response = redeem(code);
  ASSERT_TRUE(response);
  EXPECT_TRUE(live(response->access_token));
  EXPECT_EQ(code_of(redeem(code)), "invalid_grant");
  EXPECT_FALSE(live(response->access_token));
  EXPECT_EQ(code_of(refresh(response->refresh_token, confidential)), "invalid_grant");
}

TEST_F(CodeAndRefreshTest, ARefreshTokenRotatesAndMayOnlyNarrow) {
  const auto first = redeem(new_code());
  const auto second = refresh(first->refresh_token, confidential, Scope::parse("openid"));
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(second->scope, "openid");
  EXPECT_NE(second->refresh_token.reveal(), first->refresh_token.reveal());
  const auto id = issuer.parse_id_token(second->id_token, jose::Expiry::enforced, now());
  EXPECT_TRUE(id->nonce.empty());
  const auto third = refresh(second->refresh_token, confidential);
  EXPECT_EQ(third->scope, "openid profile email offline_access");
  EXPECT_EQ(code_of(refresh(third->refresh_token, confidential, Scope::parse("openid phone"))),
            "invalid_scope");
  EXPECT_EQ(code_of(refresh(third->refresh_token, confidential)), "ok");
}

TEST_F(CodeAndRefreshTest, AConcurrentTabGetsTheSameSuccessorAndAThiefEndsTheFamily) {
  const auto first = redeem(new_code());
  const auto one = refresh(first->refresh_token, confidential);
  clock.advance(base::Seconds{29});
  const auto two = refresh(first->refresh_token, confidential);
  ASSERT_TRUE(two);
  EXPECT_EQ(one->refresh_token.reveal(), two->refresh_token.reveal());
  clock.advance(base::Seconds{31});
  EXPECT_EQ(code_of(refresh(first->refresh_token, confidential)), "invalid_grant");
  EXPECT_EQ(code_of(refresh(one->refresh_token, confidential)), "invalid_grant");
  EXPECT_FALSE(live(one->access_token));
}

TEST_F(CodeAndRefreshTest, ARefreshTokenIsItsClientsAndDiesWithStandingAndSession) {
  const auto response = redeem(new_code());
  EXPECT_EQ(code_of(refresh(response->refresh_token, unbound)), "invalid_grant");
  EXPECT_EQ(code_of(refresh(base::Secret("garbage"), confidential)), "invalid_grant");
  // Another client's attempt has not used it up.
  EXPECT_EQ(code_of(refresh(response->refresh_token, confidential)), "ok");
  set_state(account, accounts::UserState::locked);
  EXPECT_EQ(code_of(refresh(response->refresh_token, confidential)), "invalid_grant");
  set_state(account, accounts::UserState::active);
  write(
      [&](store::Transaction& tx) { accounts::change_standing(tx, sessions, account.id, now()); });
  EXPECT_EQ(code_of(refresh(response->refresh_token, confidential)), "invalid_grant");
}

TEST_F(CodeAndRefreshTest, RevocationEndsOnlyTheClientsOwn) {
  const auto revoked = [&](std::string_view token, const Client& client) {
    return write([&](store::Transaction& tx) {
      return revoke(tx, context(), authenticated(tx, client), token, now());
    });
  };
  const auto response = redeem(new_code());
  EXPECT_FALSE(revoked(response->access_token, unbound));
  EXPECT_FALSE(revoked(response->refresh_token.reveal(), unbound));
  EXPECT_TRUE(revoked("garbage", confidential));
  EXPECT_TRUE(live(response->access_token));
  EXPECT_TRUE(revoked(response->access_token, confidential));
  EXPECT_FALSE(live(response->access_token));
  const auto renewed = refresh(response->refresh_token, confidential);
  EXPECT_TRUE(live(renewed->access_token));
  EXPECT_TRUE(revoked(renewed->refresh_token.reveal(), confidential));
  EXPECT_FALSE(live(renewed->access_token));
}

TEST_F(CodeAndRefreshTest, IntrospectionTellsOnlyAudiencesAboutLiveTokens) {
  const auto response = redeem(new_code());
  const auto body = introspected(response->access_token, confidential);
  EXPECT_NE(body.find(R"("active":true)"), std::string::npos) << body;
  EXPECT_NE(body.find(R"("username":"user102")"), std::string::npos) << body;
  EXPECT_NE(introspected(response->access_token, unbound).find("true"), std::string::npos);
  constexpr auto inactive = R"({"active":false})";
  write([&](store::Transaction& tx) {
    unbound.project = 901;
    update_client(tx, unbound, now());
  });
  EXPECT_EQ(introspected(response->access_token, unbound), inactive);
  EXPECT_EQ(introspected("garbage", confidential), inactive);
  EXPECT_EQ(introspected(response->id_token, confidential), inactive);
  EXPECT_EQ(introspected(std::string(response->refresh_token.reveal()), unbound), inactive);
  EXPECT_NE(introspected(std::string(response->refresh_token.reveal()), confidential)
                .find("refresh_token"),
            std::string::npos);
  EXPECT_NE(introspected(service_token, confidential).find(R"("sub":"104")"), std::string::npos);
  EXPECT_FALSE(read([&](store::Transaction& tx) {
    return introspect(tx, context(), authenticated(tx, public_client), "x", now());
  }));
  set_state(account, accounts::UserState::inactive);
  EXPECT_EQ(introspected(response->access_token, confidential), inactive);
}

TEST_F(CodeAndRefreshTest, UserinfoNeedsALiveTokenWithOpenid) {
  const auto status = [&](const std::string& token) {
    const auto info =
        read([&](store::Transaction& tx) { return userinfo(tx, context(), token, now()); });
    return info ? info->claims : std::to_string(info.error().status);
  };
  const auto response = redeem(new_code());
  const auto body = status(response->access_token);
  EXPECT_TRUE(body.starts_with(R"({"sub":"102","name":)")) << body;
  EXPECT_NE(body.find(R"("email_verified":true)"), std::string::npos);
  EXPECT_EQ(status(redeem(new_code("profile"))->access_token), "403");
  EXPECT_EQ(status("garbage"), "401");
  EXPECT_EQ(status(response->id_token), "401");
  write([&](store::Transaction& tx) { sessions.end(tx, session, now()); });
  EXPECT_EQ(status(response->access_token), "401");
}

TEST_F(CodeAndRefreshTest, AClientsOwnTokenSpeaksForItsOnlyServiceAccountOrItself) {
  const auto own = [&](const Client& client) {
    return write([&](store::Transaction& tx) {
      return grant_by_client(tx, context(), authenticated(tx, client),
                             {Scope::parse("openid profile")}, now());
    });
  };
  EXPECT_EQ(own(confidential)->access.subject, confidential.client_id());
  const auto token = sign(issuer, *own(confidential));
  EXPECT_TRUE(live(token.access_token));
  write([&](store::Transaction& tx) {
    unbound.actors = {service.id};
    update_client(tx, unbound, now());
  });
  const auto bound = own(unbound);
  EXPECT_EQ(bound->access.subject, service.subject());
  EXPECT_EQ(bound->access.scope, "profile");
  EXPECT_FALSE(own(public_client));
  set_state(service, accounts::UserState::inactive);
  EXPECT_FALSE(own(unbound));
}

TEST_F(CodeAndRefreshTest, ATokenEditedAnywhereIsNotOurs) {
  const auto token = redeem(new_code())->access_token;
  for (std::size_t i = 0; i < token.size(); ++i) {
    auto edited = token;
    edited[i] = edited[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(issuer.parse(edited, now())) << i;
    EXPECT_FALSE(issuer.parse(token.substr(0, i), now())) << i;
  }
}

TEST(ParseGrantRequests, MissingParametersAreNamed) {
  EXPECT_EQ(parse_code_request(Parameters({})).error().description, "code missing");
  EXPECT_EQ(parse_code_request(Parameters({{"code", "c"}})).error().description,
            "redirect_uri missing");
  EXPECT_EQ(parse_refresh_request(Parameters({})).error().description, "refresh_token missing");
}

// RFC 9700 section 4.8.2: PKCE can be neither taken away nor added on the way.
TEST_F(CodeAndRefreshTest, AVerifierIsDueExactlyIfThereWasAChallenge) {
  EXPECT_EQ(code_of(redeem({new_code(), test_redirect}, confidential)), "invalid_grant");
  EXPECT_EQ(code_of(redeem({new_code("openid", {}), test_redirect}, confidential)), "ok");
  EXPECT_EQ(code_of(redeem(new_code("openid", {}))), "invalid_grant");
}

// FAPI 2.0 Security Profile section 5.3.2.1.
TEST_F(CodeAndRefreshTest, TheRefreshTokenOfAFapiClientStaysGood) {
  const jose::SigningKey key(jose::Algorithm::es256,
                             jose::PrivateKey::generate(jose::Algorithm::es256));
  const jose::KeySet keys({{key.kid(), jose::Algorithm::es256, key.key().public_key()}});
  const auto renew = [&](const base::Secret& token) {
    jose::ClaimsWriter claims;
    claims.text("iss", confidential.client_id())
        .text("sub", confidential.client_id())
        .text("aud", test_issuer)
        .text("jti", base::random_token(random))
        .time("exp", now() + base::Seconds{60});
    const auto assertion =
        jose::sign_compact(key, jose::TokenType::jwt, std::move(claims).finish());
    const auto verified = verify_assertion(confidential, assertion, keys, {test_issuer, {}}, now());
    return finish(write([&](store::Transaction& tx) {
      const auto client = confirm_client(tx, verified.value());
      return grant_by_refresh(tx, context(), client.value(), {token, {}}, now());
    }));
  };
  const auto first = redeem(new_code());
  ASSERT_TRUE(first);
  confidential.profile = Profile::fapi2_security;
  confidential.auth_method = AuthMethod::private_key_jwt;
  write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  const std::string token(first->refresh_token.reveal());
  for (int use = 0; use < 3; ++use) {
    clock.advance(std::chrono::minutes(1));
    const auto renewed = renew(base::Secret(token));
    ASSERT_TRUE(renewed) << renewed.error().detail;
    EXPECT_EQ(renewed->refresh_token.reveal(), token);
  }
  const auto handle = sessions::parse_refresh_token(refresh_key, token);
  const auto later = sessions::refresh_token_text(refresh_key, handle->family, 2);
  EXPECT_EQ(code_of(renew(later)), "invalid_grant");
  EXPECT_EQ(code_of(renew(base::Secret(token))), "ok");
}

}  // namespace
}  // namespace vestibule::oauth
