#include "oauth/authorization.h"

#include "oauth/authorization_checks.h"
#include "oauth/end_session.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

class AuthorizationTest : public OAuthTest {
 protected:
  Fields fields(const Fields& changes = {}) {
    Fields all = {{"client_id", confidential.client_id()},
                  {"redirect_uri", test_redirect},
                  {"response_type", "code"},
                  {"scope", "openid profile"},
                  {"state", "st&te"},
                  {"nonce", "n"},
                  {"code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"},
                  {"code_challenge_method", "S256"}};
    for (const auto& [name, value] : changes) {
      std::erase_if(all, [&](const auto& f) { return f.first == name; });
      if (!value.empty()) all.emplace_back(name, value);
    }
    return all;
  }
  AuthorizationResult<Authorization> validate(const Fields& all) {
    return read([&](store::Transaction& tx) {
      return validate_authorization(tx, issuer, {Parameters(all), arrival}, now());
    });
  }
  Arrival arrival;
  /// "shown CODE", "redirected CODE" or "valid".
  std::string outcome(const Fields& changes) {
    const auto result = validate(fields(changes));
    if (result) return "valid";
    if (const auto* shown = std::get_if<Error>(&result.error())) {
      return "shown " + std::string(shown->code);
    }
    return "redirected " + std::string(std::get<DeliverableError>(result.error()).error.code);
  }
  template <class F>
  void change(Client& client, F edit) {
    edit(client);
    write([&](store::Transaction& tx) { update_client(tx, client, now()); });
  }
  Authorization valid(const Fields& changes = {}) { return validate(fields(changes)).value(); }
};

TEST_F(AuthorizationTest, AGoodRequestIsUnderstood) {
  const auto request = valid({{"prompt", "login"}, {"max_age", "60"}, {"login_hint", "a@b.test"}});
  EXPECT_EQ(request.target.redirect_uri, test_redirect);
  EXPECT_EQ(request.target.state, "st&te");
  EXPECT_EQ(request.scope.text(), "openid profile");
  EXPECT_EQ(request.nonce, "n");
  EXPECT_EQ(request.prompt, Prompt::login);
  EXPECT_EQ(request.max_age, base::Seconds{60});
  EXPECT_EQ(request.login_hint, "a@b.test");
}

TEST_F(AuthorizationTest, WithoutAGoodClientAndRedirectUriNothingIsRedirected) {
  EXPECT_EQ(outcome({{"client_id", ""}}), "shown invalid_request");
  EXPECT_EQ(outcome({{"client_id", "99"}}), "shown invalid_client");
  EXPECT_EQ(outcome({{"client_id", "x"}}), "shown invalid_client");
  EXPECT_EQ(outcome({{"redirect_uri", ""}}), "shown invalid_request");
  EXPECT_EQ(outcome({{"redirect_uri", "http://evil/"}}), "shown invalid_request");
  EXPECT_EQ(outcome({{"redirect_uri", std::string(test_redirect) + "/"}}), "shown invalid_request");
  auto doubled = fields();
  doubled.emplace_back("redirect_uri", "http://evil/");
  EXPECT_TRUE(std::holds_alternative<Error>(validate(doubled).error()));
}

TEST_F(AuthorizationTest, EverythingElseGoesBackToTheClient) {
  EXPECT_EQ(outcome({{"response_type", ""}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"response_type", "token"}}), "redirected unsupported_response_type");
  EXPECT_EQ(outcome({{"response_type", "code id_token"}}), "redirected unsupported_response_type");
  EXPECT_EQ(outcome({{"response_mode", "web_message"}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"scope", ""}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"scope", "foo"}}), "redirected invalid_scope");
  EXPECT_EQ(outcome({{"code_challenge", ""}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"code_challenge", "short"}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"code_challenge_method", ""}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"code_challenge_method", "plain"}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"prompt", "none login"}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"prompt", "dance"}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"max_age", "-1"}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"id_token_hint", "x"}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"state", std::string(5000, 's')}}), "redirected invalid_request");
  auto doubled = fields();
  doubled.emplace_back("scope", "openid");
  EXPECT_TRUE(std::holds_alternative<DeliverableError>(validate(doubled).error()));
}

TEST_F(AuthorizationTest, AnOrganizationIsTheClientsOwnOrNone) {
  const auto with = [&](const std::string& scope) {
    return outcome({{"scope", "openid profile email " + scope}});
  };
  for (const auto* own :
       {"urn:zitadel:iam:org:id:1", "urn:zitadel:iam:org:domain:primary:acme.test"}) {
    EXPECT_EQ(with(own), "valid");
    EXPECT_TRUE(valid({{"scope", own}}).scope.contains(own));
  }
  for (const auto* other :
       {"urn:zitadel:iam:org:id:2", "urn:zitadel:iam:org:id:", "urn:zitadel:iam:org:id:01",
        "urn:zitadel:iam:org:id:1 urn:zitadel:iam:org:id:2",
        "urn:zitadel:iam:org:domain:primary:other.test", "urn:zitadel:iam:org:domain:primary:"}) {
    EXPECT_EQ(with(other), "redirected invalid_scope") << other;
  }
  // Another project's audience is only left out, as one whose project does not exist.
  EXPECT_EQ(valid({{"scope", "openid urn:zitadel:iam:org:project:id:901:aud"}}).scope.text(),
            "openid");
}

TEST_F(AuthorizationTest, OnlyThePortOfALoopbackAddressIsFree) {
  EXPECT_TRUE(matches_redirect_uri("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb"));
  EXPECT_TRUE(matches_redirect_uri("http://[::1]:1/cb", "http://[::1]:2/cb"));
  EXPECT_FALSE(matches_redirect_uri("http://127.0.0.1/cb", "http://127.0.0.1:5000/other"));
  EXPECT_FALSE(matches_redirect_uri("http://127.0.0.1/cb", "http://127.0.0.1.evil/cb"));
  EXPECT_FALSE(matches_redirect_uri("http://127.0.0.1/cb", "http://127.0.0.1:80@evil/cb"));
  EXPECT_FALSE(matches_redirect_uri("http://127.0.0.1/cb", "http://127.0.0.1:/cb"));
  EXPECT_FALSE(matches_redirect_uri("http://127.0.0.1/cb", "https://127.0.0.1:1/cb"));
  EXPECT_FALSE(matches_redirect_uri("http://localhost/cb", "http://localhost:1/cb"));
  EXPECT_FALSE(matches_redirect_uri("https://a.test/cb", "https://a.test:1/cb"));
}

TEST_F(AuthorizationTest, WhetherTheSessionIsGoodEnough) {
  const auto t = now();
  const auto at = [&](base::Time auth_time) {
    return std::optional(SignedIn{{}, account.id, auth_time, "pwd"});
  };
  using enum NextStep;
  const auto before = t - base::Seconds{100};
  EXPECT_EQ(decide(valid(), at(before), t, t), issue_code);
  EXPECT_EQ(decide(valid(), {}, t, t), sign_in);
  EXPECT_EQ(decide(valid({{"prompt", "none"}}), {}, t, t), refuse_login_required);
  EXPECT_EQ(decide(valid({{"prompt", "none"}}), at(before), t, t), issue_code);
  EXPECT_EQ(decide(valid({{"prompt", "login"}}), at(before), t, t), sign_in);
  EXPECT_EQ(decide(valid({{"prompt", "login"}}), at(t), t, t), sign_in);
  EXPECT_EQ(decide(valid({{"prompt", "login"}}), at(t + base::Seconds{1}), t, t), issue_code);
  EXPECT_EQ(decide(valid({{"prompt", "select_account"}}), at(before), t, t), sign_in);
  EXPECT_EQ(decide(valid({{"max_age", "100"}}), at(before), t, t), issue_code);
  EXPECT_EQ(decide(valid({{"max_age", "99"}}), at(before), t, t), sign_in);
  EXPECT_EQ(decide(valid({{"max_age", "0"}}), at(t + base::Seconds{1}), t, t + base::Seconds{9}),
            issue_code);
  auto hinted = valid();
  hinted.hinted_user = guest.id;
  EXPECT_EQ(decide(hinted, at(before), t, t), sign_in);
}

TEST_F(AuthorizationTest, ACodeNeedsALiveProviderSessionOfAnAccount) {
  const auto request = valid();
  const auto issue = [&](base::SessionId session, base::UserId user) -> std::string {
    const auto code = write([&](store::Transaction& tx) {
      return issue_code(tx, context(), request, {session, user, now(), "pwd"}, now());
    });
    if (code) return "issued";
    return std::string(std::get<DeliverableError>(code.error()).error.code);
  };
  const auto session = sign_in(account.id);
  EXPECT_EQ(issue(session, account.id), "issued");
  EXPECT_EQ(issue(session, guest.id), "login_required");
  EXPECT_EQ(issue(sign_in(guest.id), guest.id), "access_denied");
  set_state(account, accounts::UserState::locked);
  EXPECT_EQ(issue(session, account.id), "access_denied");
  write([&](store::Transaction& tx) { sessions.end(tx, session, now()); });
  EXPECT_EQ(issue(session, account.id), "login_required");
}

TEST_F(AuthorizationTest, OnlyAConfidentialClientThatIsLetOffNeedsNoPkce) {
  const Fields without = {{"code_challenge", ""}, {"code_challenge_method", ""}};
  EXPECT_EQ(outcome(without), "redirected invalid_request");
  change(confidential, [](Client& client) { client.pkce = Pkce::optional; });
  EXPECT_EQ(outcome(without), "valid");
  EXPECT_EQ(outcome({}), "valid");
  EXPECT_EQ(outcome({{"code_challenge", ""}}), "redirected invalid_request");
  EXPECT_EQ(outcome({{"code_challenge_method", "plain"}}), "redirected invalid_request");
  change(public_client, [](Client& client) { client.pkce = Pkce::optional; });
  auto of_public = without;
  of_public.emplace_back("client_id", public_client.client_id());
  EXPECT_EQ(outcome(of_public), "redirected invalid_request");
  change(confidential, [](Client& client) { client.profile = Profile::fapi2_security; });
  EXPECT_EQ(outcome(without), "redirected invalid_request");
}

TEST_F(AuthorizationTest, AClientMayBeBoundToPushAndToSign) {
  change(confidential, [](Client& client) { client.requires_pushed_request = true; });
  EXPECT_EQ(outcome({}), "redirected invalid_request");
  arrival.pushed = true;
  EXPECT_EQ(outcome({}), "valid");
  change(confidential, [](Client& client) { client.requires_signed_request_object = true; });
  EXPECT_EQ(outcome({}), "redirected invalid_request");
  arrival.signed_object = true;
  EXPECT_EQ(outcome({}), "valid");
  change(confidential, [](Client& client) {
    client.requires_pushed_request = client.requires_signed_request_object = false;
    client.profile = Profile::fapi2_message_signing;
  });
  EXPECT_EQ(outcome({}), "valid");
  arrival.signed_object = false;
  EXPECT_EQ(outcome({}), "redirected invalid_request");
  change(confidential, [](Client& client) { client.profile = Profile::fapi2_security; });
  EXPECT_EQ(outcome({}), "valid");
  arrival.pushed = false;
  EXPECT_EQ(outcome({}), "redirected invalid_request");
}

TEST_F(AuthorizationTest, WhatTheRequestDoesNotSayTheClientHasRegistered) {
  EXPECT_EQ(valid().max_age, std::nullopt);
  change(confidential, [](Client& client) { client.default_max_age = base::Seconds{300}; });
  EXPECT_EQ(valid().max_age, base::Seconds{300});
  EXPECT_EQ(valid({{"max_age", "60"}}).max_age, base::Seconds{60});
}

TEST_F(AuthorizationTest, ASignOutRedirectsOnlyToWhatTheClientRegistered) {
  const auto outcome_of = [&](Fields all) -> std::string {
    const auto result = read([&](store::Transaction& tx) {
      return validate_end_session(tx, issuer, Parameters(std::move(all)), now());
    });
    return result ? "-> " + result->location() : std::string(result.error().code);
  };
  const auto session = sign_in(account.id);
  const auto hint = issuer.sign_id_token({.subject = account.subject(),
                                          .audience = {confidential.client_id()},
                                          .client_id = confidential.client_id(),
                                          .issued_at = now(),
                                          .expires_at = now() + base::Seconds{1},
                                          .session = session},
                                         jose::Algorithm::rs256);
  clock.advance(std::chrono::hours(5));
  const std::string home = "http://localhost:3100/";
  EXPECT_EQ(outcome_of({}), "-> ");
  EXPECT_EQ(
      outcome_of({{"id_token_hint", hint}, {"post_logout_redirect_uri", home}, {"state", "a b"}}),
      "-> http://localhost:3100/?state=a%20b");
  EXPECT_EQ(
      outcome_of({{"client_id", confidential.client_id()}, {"post_logout_redirect_uri", home}}),
      "-> " + home);
  EXPECT_EQ(outcome_of({{"post_logout_redirect_uri", home}}), "invalid_request");
  EXPECT_EQ(outcome_of({{"id_token_hint", hint}, {"post_logout_redirect_uri", "http://evil/"}}),
            "invalid_request");
  EXPECT_EQ(outcome_of({{"id_token_hint", hint}, {"client_id", unbound.client_id()}}),
            "invalid_request");
  EXPECT_EQ(outcome_of({{"id_token_hint", hint + "x"}}), "invalid_request");
  EXPECT_EQ(outcome_of({{"client_id", "77"}}), "invalid_client");
}

}  // namespace
}  // namespace vestibule::oauth
