#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "accounts/profile.h"
#include "oauth/authorization.h"
#include "oauth/claim_names.h"
#include "oauth/grants/authorization_code.h"
#include "oauth/grants/refresh_token.h"
#include "oauth/test_support.h"
#include "oauth/user_claims.h"
#include "oauth/userinfo.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

/// The claims parameter from the authorization request to userinfo and ID tokens.
class ClaimsTest : public OAuthTest {
 protected:
  ClaimsTest() {
    confidential.id_token_claims = Client::IdTokenClaims::minimal;
    write([&](store::Transaction& tx) {
      update_client(tx, confidential, now());
      accounts::set_profile(tx, account.id,
                            {.middle_name = "M",
                             .profile = "https://a.test/p",
                             .picture = "https://a.test/i.png",
                             .website = "https://a.test",
                             .birthdate = "1990-01-31",
                             .zoneinfo = "Europe/Paris",
                             .address = {.locality = "Paris", .country = "France"}});
      auto user = accounts::find_user(tx, account.id).value();
      user.display_name = "Given Family";
      user.nick_name = "G";
      user.gender = 2;
      user.preferred_language = "fr";
      user.phone = "+33 1 23 45 67 89";
      EXPECT_TRUE(accounts::update_user(tx, user, now()));
    });
    session = sign_in(account.id);
  }

  AuthorizationResult<Authorization> validate(const std::string& claims,
                                              const std::string& scope = "openid offline_access") {
    const Fields fields = {{"client_id", confidential.client_id()},
                           {"redirect_uri", test_redirect},
                           {"response_type", "code"},
                           {"scope", scope},
                           {"claims", claims},
                           {"code_challenge", base::to_base64url(base::sha256(test_verifier))},
                           {"code_challenge_method", "S256"}};
    return read([&](store::Transaction& tx) {
      return validate_authorization(tx, issuer, {Parameters(fields)}, now());
    });
  }
  std::string refusal(const std::string& claims) {
    const auto result = validate(claims);
    if (result) return "none";
    return std::string(std::get<DeliverableError>(result.error()).error.code);
  }
  TokenResponse tokens(const std::string& claims,
                       const std::string& scope = "openid offline_access") {
    const auto request = validate(claims, scope).value();
    return write([&](store::Transaction& tx) {
      const auto code =
          issue_code(tx, context(), request, {session, account.id, now(), "pwd"}, now()).value();
      return sign(issuer, grant_by_code(tx, context(), authenticated(tx, confidential),
                                        {code, test_redirect, test_verifier}, now())
                              .verdict.value());
    });
  }
  TokenResponse refresh(const TokenResponse& former) {
    return write([&](store::Transaction& tx) {
      return sign(issuer, grant_by_refresh(tx, context(), authenticated(tx, confidential),
                                           {former.refresh_token}, now())
                              .verdict.value());
    });
  }
  json::object userinfo_of(const std::string& token) {
    const auto info =
        read([&](store::Transaction& tx) { return userinfo(tx, context(), token, now()).value(); });
    return json::parse(info.claims).as_object();
  }
  json::object id_token_of(const TokenResponse& response) {
    const auto claims = issuer.parse_id_token(response.id_token, jose::Expiry::enforced, now());
    return json::parse(claims.value().json).as_object();
  }

  base::SessionId session;
};

TEST_F(ClaimsTest, AScopeThatNamesTheOrganizationShowsIt) {
  const std::string owner(scope_resourceowner);
  const auto by_id = userinfo_of(tokens("{}", "openid urn:zitadel:iam:org:id:1").access_token);
  EXPECT_EQ(by_id.at("urn:zitadel:iam:org:id"), "1");
  EXPECT_EQ(by_id.at(owner + ":id"), "1");
  EXPECT_EQ(by_id.at(owner + ":name"), "Acme");
  EXPECT_EQ(by_id.at(owner + ":primary_domain"), "acme.test");
  const auto by_domain =
      userinfo_of(tokens("{}", "openid urn:zitadel:iam:org:domain:primary:acme.test").access_token);
  EXPECT_EQ(by_domain.at("urn:zitadel:iam:org:domain:primary"), "acme.test");
  EXPECT_FALSE(by_domain.contains(owner + ":id"));
  EXPECT_FALSE(userinfo_of(tokens("{}", "openid").access_token).contains("urn:zitadel:iam:org:id"));
}

TEST_F(ClaimsTest, ClaimsAskedForByNameStandWhereTheyWereAskedFor) {
  const auto response = tokens(
      R"({"userinfo":{"email":null,"address":null},"id_token":{"picture":{"essential":true}}})");
  for (const auto& answer : {response, refresh(response)}) {
    const auto info = userinfo_of(answer.access_token);
    EXPECT_EQ(info.at("email"), json::value(account.email.value()));
    EXPECT_EQ(info.at("address"), json::value({{"locality", "Paris"}, {"country", "France"}}));
    EXPECT_FALSE(info.contains("email_verified"));
    EXPECT_FALSE(info.contains("picture"));
    EXPECT_FALSE(info.contains("name"));
    const auto id_token = id_token_of(answer);
    EXPECT_EQ(id_token.at("picture"), "https://a.test/i.png");
    EXPECT_FALSE(id_token.contains("email"));
    EXPECT_EQ(id_token.at("acr"), "1");
  }
}

TEST_F(ClaimsTest, EveryScopeOpensAllItsClaimsAtUserinfoAndNoneInAMinimalIdToken) {
  const auto response = tokens("", "openid profile email address phone");
  const auto info = userinfo_of(response.access_token);
  const auto id_token = id_token_of(response);
  for (const auto& claim : claim_names) {
    EXPECT_TRUE(info.contains(claim.name)) << claim.name;
    EXPECT_FALSE(id_token.contains(claim.name)) << claim.name;
  }
}

TEST_F(ClaimsTest, OnlyWhoIsToldAsByZitadelSeesItsOwnIdAndThatALocaleIsNotKnown) {
  write([&](store::Transaction& tx) {
    auto user = accounts::find_user(tx, account.id).value();
    user.preferred_language = std::nullopt;
    EXPECT_TRUE(accounts::update_user(tx, user, now()));
  });
  auto response = tokens("", "openid profile");
  EXPECT_FALSE(userinfo_of(response.access_token).contains("locale"));
  EXPECT_FALSE(id_token_of(response).contains("client_id"));
  EXPECT_EQ(id_token_of(response).at("azp"), json::value(confidential.client_id()));

  confidential.id_token_claims = Client::IdTokenClaims::userinfo;
  write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  response = tokens("", "openid profile");
  EXPECT_TRUE(userinfo_of(response.access_token).at("locale").is_null());
  EXPECT_TRUE(id_token_of(response).at("locale").is_null());
  EXPECT_EQ(id_token_of(response).at("client_id"), json::value(confidential.client_id()));
  EXPECT_EQ(scope_shown(json::serialize(id_token_of(response))).text(), "openid profile");
}

TEST_F(ClaimsTest, AnIdTokenWithAFewClaimsShowsNoScope) {
  const auto response = tokens(
      R"({"id_token":{"updated_at":null,"preferred_username":null,"email":null,"phone_number":null}})");
  const auto id_token = id_token_of(response);
  EXPECT_FALSE(id_token.contains("updated_at"));
  EXPECT_TRUE(id_token.contains("preferred_username"));
  const auto claims = issuer.parse_id_token(response.id_token, jose::Expiry::enforced, now());
  EXPECT_EQ(scope_shown(claims->json).text(), "openid");
}

TEST_F(ClaimsTest, TheUserWhoIsNamedOrNobody) {
  const auto about = [](const std::string& subject) {
    return R"({"id_token":{"sub":{"value":")" + subject + R"("}}})";
  };
  EXPECT_EQ(validate(about(account.subject()))->hinted_user, account.id);
  EXPECT_EQ(refusal(about("999")), "login_required");
  const auto request = validate(about(guest.subject())).value();
  const auto t = now();
  const auto signed_in = [&](base::Time auth_time) {
    return SignedIn{session, account.id, auth_time, "pwd"};
  };
  EXPECT_EQ(decide(request, signed_in(t), t, t), NextStep::sign_in);
  EXPECT_EQ(decide(request, signed_in(t + base::Seconds{1}), t, t + base::Seconds{1}),
            NextStep::refuse_login_required);
}

TEST_F(ClaimsTest, WhatCannotBeMetIsRefused) {
  EXPECT_EQ(refusal(R"({"id_token":{"acr":{"essential":true,"values":["phr"]}}})"),
            "unmet_authentication_requirements");
  EXPECT_EQ(refusal(R"({"id_token":{"acr":{"essential":true,"values":["phr","1"]}}})"), "none");
  EXPECT_EQ(refusal(R"({"id_token":)"), "invalid_request");
  EXPECT_EQ(refusal(R"([])"), "invalid_request");
}

TEST_F(ClaimsTest, WithoutOpenidThereIsNothingToAskFor) {
  const auto request = validate(R"({"userinfo":{"email":null}})", "profile").value();
  EXPECT_EQ(request.details.claims, "");
}

TEST_F(ClaimsTest, ASignedAnswerNamesItsMakerAndReader) {
  confidential.userinfo_algorithm = jose::Algorithm::es256;
  write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  const auto info = userinfo_of(tokens("").access_token);
  EXPECT_EQ(info.at("iss"), test_issuer);
  EXPECT_EQ(info.at("aud"), json::value(confidential.client_id()));
  EXPECT_EQ(info.at("sub"), json::value(account.subject()));
}

TEST_F(ClaimsTest, TheClientsOwnAgeOfASignInHoldsUnlessTheRequestHasOne) {
  confidential.default_max_age = base::Seconds{60};
  write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  EXPECT_EQ(validate("")->max_age, base::Seconds{60});
}

}  // namespace
}  // namespace vestibule::oauth
