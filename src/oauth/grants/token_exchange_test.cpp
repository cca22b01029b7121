#include "oauth/grants/token_exchange.h"

#include "events/audit.h"
#include "oauth/grants/test_support.h"
#include "oauth/impersonation.h"
#include "oauth/liveness.h"

namespace vestibule::oauth {
namespace {

TEST_F(TokenExchangeTest, AGuestOfTheServiceAccountGetsJwtAndIdToken) {
  const auto response = exchange();
  ASSERT_TRUE(response) << response.error().description;
  EXPECT_EQ(response->token_type, "Bearer");
  EXPECT_EQ(response->issued_token_type, token_type_jwt);
  EXPECT_EQ(response->scope, "openid profile email");
  EXPECT_EQ(response->expires_in.count(), 43'199);
  const auto token = issuer.parse(response->access_token, now());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->subject, guest.subject());
  ASSERT_TRUE(token->actor);
  EXPECT_EQ(token->actor->subject, service.subject());
  EXPECT_EQ(token->actor->prior, nullptr);
  EXPECT_EQ(token->audience, default_audience(confidential));
  EXPECT_EQ(token->acr, "0");
  const auto id = issuer.parse_id_token(response->id_token, jose::Expiry::enforced, now());
  ASSERT_TRUE(id);
  EXPECT_EQ(id->authorized_party, confidential.client_id());
  EXPECT_NE(id->json.find(R"("locale":null)"), std::string::npos);
  EXPECT_NE(id->json.find(R"("email_verified":true)"), std::string::npos);
  EXPECT_NE(id->json.find("at_hash"), std::string::npos);
  const auto lines =
      read([&](store::Transaction& tx) { return events::history(tx, guest.id, 10); });
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].type, "token.exchanged");
  EXPECT_EQ(lines[0].actor, service.id);
  EXPECT_EQ(lines[0].client, confidential.id);
}

TEST_F(TokenExchangeTest, AnAccessTokenIsOpaqueUnlessJwtIsAskedFor) {
  for (const auto* type : {"", "urn:ietf:params:oauth:token-type:access_token"}) {
    const auto response = exchange({{"requested_token_type", type}});
    ASSERT_TRUE(response);
    EXPECT_EQ(response->access_token.find('.'), std::string::npos);
    EXPECT_EQ(response->issued_token_type, token_type_access_token);
    EXPECT_TRUE(issuer.parse(response->access_token, now()));
  }
}

TEST_F(TokenExchangeTest, AnIdTokenStandsInAccessTokenAndIsNoAccessToken) {
  const auto response = exchange({{"requested_token_type", std::string(token_type_id_token)}});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->token_type, "N_A");
  EXPECT_TRUE(response->id_token.empty());
  EXPECT_FALSE(issuer.parse(response->access_token, now()));
  EXPECT_TRUE(issuer.parse_id_token(response->access_token, jose::Expiry::enforced, now()));
}

TEST_F(TokenExchangeTest, ThePolicySwitchIsTestedFirst) {
  write([](store::Transaction& tx) { set_impersonation_policy(tx, Impersonation::disabled); });
  expect_refused(exchange({{"actor_token", roleless_token}}), "invalid_request",
                 "Errors.TokenExchange.Impersonation.PolicyDisabled", 403);
}

TEST_F(TokenExchangeTest, WhoMayNotImpersonateIsRefusedInZitadelsWords) {
  expect_refused(exchange({{"actor_token", roleless_token}}), "invalid_request",
                 "membership not found", 404);
  expect_refused(exchange({{"subject_token", account.subject()}}), "invalid_request",
                 "No matching permissions found", 403);
  expect_refused(exchange({{"subject_token", administrator.subject()}}), "invalid_request",
                 "No matching permissions found", 403);
  expect_refused(exchange({}, &unbound), "invalid_request", "No matching permissions found", 403);
  expect_refused(exchange({{"subject_token", "123456"}}), "invalid_request",
                 "subject_token invalid");
  expect_refused(exchange({{"actor_token", "nope"}}), "invalid_request", "actor_token invalid");
  expect_refused(exchange({{"actor_token_type", ""}}), "invalid_request", "actor_token invalid");
  expect_refused(exchange({{"actor_token", ""}, {"actor_token_type", ""}}), "invalid_request",
                 "actor_token required");
  expect_refused(exchange({{"actor_token", guest.subject()},
                           {"actor_token_type", std::string(token_type_user_id)}}),
                 "invalid_request", "actor_token_type is not supported");
}

TEST_F(TokenExchangeTest, AnAdministratorCountsAsBoundToEveryClientOfItsOrganization) {
  EXPECT_TRUE(exchange({{"actor_token", administrator_token}}, &unbound));
  write([&](store::Transaction& tx) {
    unbound.organization = base::OrganizationId{2};
    update_client(tx, unbound, now());
  });
  expect_refused(exchange({{"actor_token", administrator_token}}, &unbound), "invalid_request",
                 "No matching permissions found", 403);
}

TEST_F(TokenExchangeTest, AGuestOfAnotherOrganizationIsOutOfReach) {
  write([&](store::Transaction& tx) {
    auto stranger = guest;
    stranger.id = base::UserId{110};
    stranger.username = "stranger";
    stranger.organization = base::OrganizationId{2};
    EXPECT_TRUE(accounts::insert_user(tx, stranger));
  });
  expect_refused(exchange({{"subject_token", "110"}}), "invalid_request",
                 "No matching permissions found", 403);
}

TEST_F(TokenExchangeTest, AfterTheUpgradeTheServiceAccountIsRefused) {
  write([&](store::Transaction& tx) { accounts::become_account(tx, guest, {}, now()); });
  expect_refused(exchange(), "invalid_request", "No matching permissions found", 403);
}

TEST_F(TokenExchangeTest, UserImpersonatorsReachAccountsButNobodyPrivilegedAndNoGuests) {
  write([&](store::Transaction& tx) {
    accounts::grant_role(tx, roleless.id, accounts::Role::user_impersonator);
  });
  EXPECT_TRUE(exchange({{"actor_token", roleless_token}, {"subject_token", account.subject()}}));
  for (const auto& subject : {administrator, service, guest}) {
    expect_refused(
        exchange({{"actor_token", roleless_token}, {"subject_token", subject.subject()}}),
        "invalid_request", "No matching permissions found", 403);
  }
}

TEST_F(TokenExchangeTest, AnInactiveSubjectOrActorIsRefused) {
  set_state(guest, accounts::UserState::inactive);
  expect_refused(exchange(), "invalid_request", "Errors.User.NotActive");
  set_state(guest, accounts::UserState::active);
  set_state(service, accounts::UserState::inactive);
  expect_refused(exchange(), "invalid_request", "actor_token invalid");
}

TEST_F(TokenExchangeTest, TypesThatDoNotExistAreRefused) {
  expect_refused(exchange({{"subject_token_type", "urn:foo"}}), "invalid_request",
                 "subject_token_type is not supported");
  expect_refused(exchange({{"subject_token_type", ""}}), "invalid_request",
                 "subject_token_type missing");
  expect_refused(exchange({{"subject_token", ""}}), "invalid_request", "subject_token missing");
  expect_refused(
      exchange({{"requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"}}),
      "invalid_request", "requested_token_type is not supported");
  expect_refused(exchange({{"subject_token_type", std::string(token_type_access_token)}}),
                 "invalid_request", "subject_token invalid");
}

TEST_F(TokenExchangeTest, AClientNeedsTheGrantAndAPublicOneAnActor) {
  EXPECT_TRUE(exchange({}, &public_client));
  const auto session = sign_in(account.id);
  auto token = own_token(account, "openid", session);
  token.client_id = public_client.client_id();
  expect_refused(exchange(with_subject(issuer.seal_access_token(token)), &public_client),
                 "unauthorized_client", "a public client exchanges only with an actor_token");
  write([&](store::Transaction& tx) {
    confidential.grant_types = {std::string(grant_authorization_code)};
    update_client(tx, confidential, now());
  });
  const auto refused = exchange();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "unauthorized_client");
}

TEST_F(TokenExchangeTest, ASubjectTokenMustBeLiveAndNameTheClient) {
  const auto session = sign_in(account.id);
  auto other = own_token(account, "openid profile email", session);
  other.client_id = unbound.client_id();
  other.audience = {"900"};
  expect_refused(exchange(with_subject(issuer.seal_access_token(other))), "invalid_request",
                 "subject_token invalid");
  const auto own = issuer.seal_access_token(own_token(account, "openid profile email", session));
  EXPECT_TRUE(exchange(with_subject(own)));
  expect_refused(exchange(with_subject(own, token_type_jwt)), "invalid_request",
                 "subject_token invalid");
  expect_refused(exchange(with_subject(service_token)), "invalid_request", "subject_token invalid");
  write([&](store::Transaction& tx) { sessions.end(tx, session, now()); });
  expect_refused(exchange(with_subject(own)), "invalid_request", "subject_token invalid");
}

TEST_F(TokenExchangeTest, AnIdTokenIsASubjectOnlyForItsClientAndWithALiveSession) {
  const auto session = sign_in(account.id);
  IdToken id{
      .subject = account.subject(),
      .audience = {confidential.client_id()},
      .client_id = confidential.client_id(),
      .issued_at = now(),
      .expires_at = now() + base::Seconds{600},
      .session = session,
      .auth_time = now(),
      .claims =
          R"(,"email":"u102@acme.test","email_verified":true,"updated_at":1,"preferred_username":"u")"};
  const auto make = [&] { return issuer.sign_id_token(id, jose::Algorithm::rs256); };
  const auto good = make();
  EXPECT_TRUE(exchange(with_subject(good, token_type_id_token)));
  expect_refused(exchange(with_subject(good)), "invalid_request", "subject_token invalid");
  id.session.reset();
  expect_refused(exchange(with_subject(make(), token_type_id_token)), "invalid_request",
                 "subject_token invalid");
  id.session = session;
  id.audience = {"elsewhere"};
  expect_refused(exchange(with_subject(make(), token_type_id_token)), "invalid_request",
                 "subject_token invalid");
  clock.advance(base::Seconds{600});
  expect_refused(exchange(with_subject(good, token_type_id_token)), "invalid_request",
                 "subject_token invalid");
  write([&](store::Transaction& tx) { sessions.end(tx, session, now()); });
}

TEST_F(TokenExchangeTest, NobodyActsForThemselves) {
  const auto session = sign_in(account.id);
  auto own = own_token(account, "openid profile email", session);
  auto changes = with_subject(issuer.seal_access_token(own));
  changes.emplace_back("actor_token", issuer.seal_access_token(own));
  changes.emplace_back("actor_token_type", std::string(token_type_access_token));
  const auto response = exchange(changes);
  ASSERT_TRUE(response) << response.error().detail;
  EXPECT_EQ(issuer.parse(response->access_token, now())->actor, nullptr);
  // A public client shows nothing by it.
  own.client_id = public_client.client_id();
  changes = with_subject(issuer.seal_access_token(own));
  changes.emplace_back("actor_token", issuer.seal_access_token(own));
  changes.emplace_back("actor_token_type", std::string(token_type_access_token));
  expect_refused(exchange(changes, &public_client), "unauthorized_client",
                 "a public client exchanges only with an actor_token");
  // Whoever knows an id is not that user.
  expect_refused(exchange({{"subject_token", service.subject()}}), "invalid_request",
                 "No matching permissions found", 403);
}

TEST_F(TokenExchangeTest, AChainHasAnEnd) {
  auto changes = Fields{};
  for (int length = 1; length <= 8; ++length) {
    const auto response = exchange(changes);
    ASSERT_TRUE(response) << length << response.error().description;
    changes = {{"subject_token", response->access_token},
               {"subject_token_type", std::string(token_type_jwt)}};
  }
  expect_refused(exchange(changes), "invalid_request", "the chain of actors is too long");
}

TEST_F(TokenExchangeTest, RefusalsByPolicyHaveTheRfcsStatusWhereTheSubjectIsAToken) {
  const auto session = sign_in(account.id);
  auto changes =
      with_subject(issuer.seal_access_token(own_token(account, "openid profile email", session)));
  changes.emplace_back("actor_token", service_token);
  changes.emplace_back("actor_token_type", std::string(token_type_access_token));
  expect_refused(exchange(changes), "invalid_request", "No matching permissions found");
  write([](store::Transaction& tx) { set_impersonation_policy(tx, Impersonation::disabled); });
  expect_refused(exchange(changes), "invalid_request",
                 "Errors.TokenExchange.Impersonation.PolicyDisabled");
}

TEST_F(TokenExchangeTest, AChainKeepsEveryActorAndEachIsJudgedAgain) {
  const auto first = exchange();
  ASSERT_TRUE(first);
  auto changes = with_subject(first->access_token, token_type_jwt);
  const auto second = exchange(changes);
  ASSERT_TRUE(second);
  EXPECT_EQ(issuer.parse(second->access_token, now())->actor->subject, service.subject());

  const Fields delegated = {{"subject_token", first->access_token},
                            {"subject_token_type", std::string(token_type_jwt)},
                            {"actor_token", administrator_token}};
  const auto third = exchange(delegated);
  ASSERT_TRUE(third);
  const auto token = issuer.parse(third->access_token, now());
  EXPECT_EQ(token->actor->subject, administrator.subject());
  ASSERT_TRUE(token->actor->prior);
  EXPECT_EQ(token->actor->prior->subject, service.subject());

  set_state(service, accounts::UserState::inactive);
  expect_refused(exchange(delegated), "invalid_request", "subject_token invalid");
}

TEST_F(TokenExchangeTest, AnExchangedTokenIsNoActorAndDiesWithAChangeOfStanding) {
  const auto response = exchange();
  ASSERT_TRUE(response);
  expect_refused(exchange({{"actor_token", response->access_token}}), "invalid_request",
                 "actor_token invalid");
  const auto token = issuer.parse(response->access_token, now());
  EXPECT_TRUE(read([&](store::Transaction& tx) {
    return check_token(tx, sessions, *token, now()).has_value();
  }));
  clock.advance(base::Milliseconds{1});
  write([&](store::Transaction& tx) { accounts::change_standing(tx, sessions, guest.id, now()); });
  const auto verdict =
      read([&](store::Transaction& tx) { return check_token(tx, sessions, *token, now()); });
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error(), Death::older_than_standing);
}

}  // namespace
}  // namespace vestibule::oauth
