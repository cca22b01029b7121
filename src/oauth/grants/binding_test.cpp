#include "oauth/grants/authorization_code.h"
#include "oauth/grants/client_credentials.h"
#include "oauth/grants/refresh_token.h"
#include "oauth/grants/test_support.h"
#include "oauth/introspection.h"
#include "oauth/token_binding.h"
#include "oauth/userinfo.h"

// What tokens are bound to, and for which resources they are, through every grant.
namespace vestibule::oauth {
namespace {

const HeldKeys nothing;
const HeldKeys key_a{.jkt = "key-a"};
const HeldKeys key_b{.jkt = "key-b"};
const HeldKeys certificate{.x5t_s256 = "cert"};

constexpr const char* api = "https://api.acme.test";
constexpr const char* files = "https://files.acme.test";

class BindingTest : public TokenExchangeTest {
 protected:
  BindingTest() {
    session = sign_in(account.id);
    write([&](store::Transaction& tx) {
      for (auto* client : {&confidential, &public_client}) {
        client->audiences = {api, files};
        update_client(tx, *client, now());
      }
    });
  }

  GrantContext context(const HeldKeys& held) {
    auto context = OAuthTest::context();
    context.held = held;
    return context;
  }
  std::string new_code(const Client& client, const GrantDetails& details = {}) {
    std::string code = base::random_token(random);
    write([&](store::Transaction& tx) {
      sessions::insert_code(tx, code,
                            {.client = client.id,
                             .user = account.id,
                             .session = session,
                             .redirect_uri = test_redirect,
                             .scope = "openid offline_access",
                             .code_challenge = base::to_base64url(base::sha256(test_verifier)),
                             .auth_time = now(),
                             .amr = "pwd",
                             .created_at = now(),
                             .expires_at = now() + base::Seconds{60},
                             .details = details.to_json()});
    });
    return code;
  }
  Result<TokenResponse> finish(Settled<Grant> settled) {
    if (!settled.verdict) return std::unexpected(std::move(settled.verdict.error()));
    return sign(issuer, std::move(*settled.verdict));
  }
  Result<TokenResponse> redeem(const Client& client, const std::string& code, const HeldKeys& held,
                               std::vector<std::string> resource = {}) {
    const CodeRequest request{code, test_redirect, test_verifier, std::move(resource)};
    return finish(write([&](store::Transaction& tx) {
      return grant_by_code(tx, context(held), authenticated(tx, client), request, now());
    }));
  }
  Result<TokenResponse> refresh(const Client& client, const TokenResponse& given,
                                const HeldKeys& held, std::vector<std::string> resource = {}) {
    const RefreshRequest request{given.refresh_token, std::nullopt, std::move(resource)};
    return finish(write([&](store::Transaction& tx) {
      return grant_by_refresh(tx, context(held), authenticated(tx, client), request, now());
    }));
  }
  Result<Grant> own_token(const Client& client, const HeldKeys& held,
                          std::vector<std::string> resource = {}) {
    const ClientCredentialsRequest request{Scope::parse("profile"), std::move(resource)};
    return write([&](store::Transaction& tx) {
      return grant_by_client(tx, context(held), authenticated(tx, client), request, now());
    });
  }
  Result<UserInfo> userinfo_with(const std::string& token, const HeldKeys& held) {
    return read([&](store::Transaction& tx) { return userinfo(tx, context(held), token, now()); });
  }
  AccessToken parsed(const Result<TokenResponse>& response) {
    return issuer.parse(response.value().access_token, now()).value();
  }
  static std::string code_of(const auto& result) {
    return result ? "ok" : std::string(result.error().code);
  }

  base::SessionId session;
};

TEST_F(BindingTest, AProofAtTheTokenEndpointBindsTheTokenAndNamesItsType) {
  const auto bound = redeem(confidential, new_code(confidential), key_a);
  ASSERT_TRUE(bound) << bound.error().detail;
  EXPECT_EQ(bound->token_type, "DPoP");
  EXPECT_EQ(parsed(bound).confirmation, (Confirmation{.jkt = "key-a"}));
  const auto described = read([&](store::Transaction& tx) {
    return introspect(tx, OAuthTest::context(), authenticated(tx, confidential),
                      bound->access_token, now());
  });
  EXPECT_NE(described->find(R"("cnf":{"jkt":"key-a"})"), std::string::npos) << *described;
  EXPECT_NE(described->find(R"("token_type":"DPoP")"), std::string::npos);
  const auto bearer = redeem(confidential, new_code(confidential), nothing);
  EXPECT_EQ(bearer->token_type, "Bearer");
  EXPECT_TRUE(parsed(bearer).confirmation.empty());
}

TEST_F(BindingTest, TheOwnerOfTheKeyAloneUsesABoundToken) {
  const auto bound = redeem(confidential, new_code(confidential), key_a)->access_token;
  const auto bearer = redeem(confidential, new_code(confidential), nothing)->access_token;
  EXPECT_EQ(code_of(userinfo_with(bound, key_a)), "ok");
  EXPECT_EQ(code_of(userinfo_with(bearer, nothing)), "ok");
  EXPECT_EQ(code_of(userinfo_with(bearer, certificate)), "ok");
  for (const auto& other : {nothing, key_b, certificate}) {
    EXPECT_EQ(code_of(userinfo_with(bound, other)), "access_denied");
  }
  EXPECT_EQ(code_of(userinfo_with(bearer, key_a)), "access_denied") << "a proof for no key";
}

TEST_F(BindingTest, ACodeAskedForWithAKeyNeedsThatKeyAndIsUsedUpWithoutIt) {
  const GrantDetails asked{.confirmation = {.jkt = "key-a"}};
  EXPECT_EQ(code_of(redeem(confidential, new_code(confidential, asked), key_a)), "ok");
  for (const auto& other : {nothing, key_b, certificate}) {
    const auto code = new_code(confidential, asked);
    EXPECT_EQ(code_of(redeem(confidential, code, other)), "invalid_grant");
    EXPECT_EQ(code_of(redeem(confidential, code, key_a)), "invalid_grant");
  }
}

// RFC 9449 section 5.
TEST_F(BindingTest, APublicClientsRefreshTokenIsBoundToTheKey) {
  const auto given = redeem(public_client, new_code(public_client), key_a);
  ASSERT_TRUE(given);
  for (const auto& other : {nothing, key_b, certificate}) {
    EXPECT_EQ(code_of(refresh(public_client, *given, other)), "invalid_grant");
  }
  const auto renewed = refresh(public_client, *given, key_a);
  ASSERT_TRUE(renewed) << "a refused attempt has not used it up: " << renewed.error().detail;
  EXPECT_EQ(parsed(renewed).confirmation.jkt, "key-a");
  EXPECT_EQ(code_of(refresh(public_client, *renewed, key_b)), "invalid_grant") << "successors too";
}

TEST_F(BindingTest, AConfidentialClientMayChangeItsKey) {
  const GrantDetails asked{.confirmation = {.jkt = "key-a"}};
  const auto given = redeem(confidential, new_code(confidential, asked), key_a);
  ASSERT_TRUE(given);
  const auto renewed = refresh(confidential, *given, key_b);
  ASSERT_TRUE(renewed) << renewed.error().detail;
  EXPECT_EQ(parsed(renewed).confirmation.jkt, "key-b");
  EXPECT_EQ(refresh(confidential, *renewed, nothing)->token_type, "Bearer");
}

TEST_F(BindingTest, EveryOtherGrantBindsToo) {
  EXPECT_EQ(own_token(confidential, key_a)->access.confirmation.jkt, "key-a");
  unbound.actors = {service.id};
  write([&](store::Transaction& tx) { update_client(tx, unbound, now()); });
  EXPECT_EQ(own_token(unbound, key_a)->access.confirmation.jkt, "key-a");
  const auto request = parse_exchange_request(Parameters(fields())).value();
  const auto exchanged = write([&](store::Transaction& tx) {
    return grant_by_exchange(tx, context(key_a), authenticated(tx, confidential), request, now());
  });
  ASSERT_TRUE(exchanged);
  EXPECT_EQ(exchanged->access.confirmation.jkt, "key-a");
}

TEST_F(BindingTest, AnExchangeTakesTheClientsKeyInPlaceOfTheSubjectTokens) {
  auto token = TokenExchangeTest::own_token(account, "openid", session);
  token.confirmation.jkt = "key-a";
  auto form = with_subject(issuer.seal_access_token(token));
  form.emplace_back("scope", "openid");
  const auto request = parse_exchange_request(Parameters(fields(form))).value();
  const auto key_after = [&](const HeldKeys& held) {
    return write([&](store::Transaction& tx) {
             return grant_by_exchange(tx, context(held), authenticated(tx, confidential), request,
                                      now());
           })
        .value()
        .access.confirmation.jkt;
  };
  EXPECT_EQ(key_after(nothing), "key-a");
  EXPECT_EQ(key_after(key_b), "key-b");
}

TEST_F(BindingTest, ABoundActorTokenNeedsItsKey) {
  auto token = TokenExchangeTest::own_token(service, "openid profile email", sign_in(service.id));
  token.confirmation.jkt = "key-a";
  const auto form = fields({{"actor_token", issuer.seal_access_token(token)}});
  const auto request = parse_exchange_request(Parameters(form)).value();
  const auto exchange_with = [&](const HeldKeys& held) {
    return code_of(write([&](store::Transaction& tx) {
      return grant_by_exchange(tx, context(held), authenticated(tx, confidential), request, now());
    }));
  };
  EXPECT_EQ(exchange_with(key_a), "ok");
  EXPECT_EQ(exchange_with(key_b), "invalid_request");
  EXPECT_EQ(exchange_with(nothing), "invalid_request");
}

TEST_F(BindingTest, APublicClientExchangesABoundTokenOnlyWithItsKey) {
  auto token = TokenExchangeTest::own_token(account, "openid", session);
  token.client_id = public_client.client_id();
  token.confirmation.jkt = "key-a";
  auto form = with_subject(issuer.seal_access_token(token));
  form.emplace_back("actor_token", administrator_token);
  form.emplace_back("actor_token_type", std::string(token_type_access_token));
  form.emplace_back("scope", "openid");
  std::erase_if(form, [](const auto& field) { return field.second.empty(); });
  const auto request = parse_exchange_request(Parameters(form)).value();
  const auto exchange_with = [&](const HeldKeys& held) {
    return write([&](store::Transaction& tx) {
      return grant_by_exchange(tx, context(held), authenticated(tx, public_client), request, now());
    });
  };
  for (const auto& other : {nothing, key_b}) {
    const auto refused = exchange_with(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().description, "subject_token invalid");
  }
  // Past the subject token it fails for other reasons: nobody has the role for this account.
  EXPECT_NE(exchange_with(key_a).error().description, "subject_token invalid");
}

TEST_F(BindingTest, AClientWhoseTokensMustBeBoundIsRefusedWithout) {
  Client client = confidential;
  EXPECT_EQ(code_of(require_constraint(client, nothing)), "ok");
  EXPECT_EQ(code_of(require_constraint(client, key_a)), "ok");
  client.sender_constraint = SenderConstraint::dpop;
  EXPECT_EQ(code_of(require_constraint(client, key_a)), "ok");
  EXPECT_EQ(code_of(require_constraint(client, nothing)), "invalid_dpop_proof");
  EXPECT_EQ(code_of(require_constraint(client, certificate)), "invalid_dpop_proof");
  client.sender_constraint = SenderConstraint::mtls;
  EXPECT_EQ(code_of(require_constraint(client, certificate)), "ok");
  EXPECT_EQ(code_of(require_constraint(client, nothing)), "invalid_request");
  EXPECT_EQ(code_of(require_constraint(client, key_a)), "invalid_dpop_proof");
  EXPECT_EQ(confirmation_of(client, certificate), (Confirmation{.x5t_s256 = "cert"}));
  client.sender_constraint = SenderConstraint::none;
  EXPECT_TRUE(confirmation_of(client, certificate).empty());
}

// RFC 8707 section 2.2.
TEST_F(BindingTest, ATokenIsForTheResourcesOfItsGrantOrAPartOfThem) {
  const GrantDetails both{.resource = {api, files}};
  const auto given = redeem(confidential, new_code(confidential, both), nothing);
  ASSERT_TRUE(given);
  EXPECT_EQ(parsed(given).audience, both.resource);
  const auto id = issuer.parse_id_token(given->id_token, jose::Expiry::enforced, now());
  EXPECT_TRUE(id->has_audience(confidential.client_id())) << "an ID token is for its client";
  EXPECT_FALSE(id->has_audience(api));

  const auto part = refresh(confidential, *given, nothing, {files});
  ASSERT_TRUE(part);
  EXPECT_EQ(parsed(part).audience, std::vector<std::string>{files});
  EXPECT_EQ(parsed(refresh(confidential, *part, nothing)).audience, both.resource);

  EXPECT_EQ(parsed(redeem(confidential, new_code(confidential, both), nothing, {api})).audience,
            std::vector<std::string>{api});
}

TEST_F(BindingTest, AResourceThatWasNotGrantedIsNoTarget) {
  const GrantDetails one{.resource = {api}};
  EXPECT_EQ(code_of(redeem(confidential, new_code(confidential, one), nothing, {files})),
            "invalid_target");
  EXPECT_EQ(code_of(redeem(confidential, new_code(confidential), nothing, {api})),
            "invalid_target");
  const auto given = redeem(confidential, new_code(confidential, one), nothing);
  EXPECT_EQ(code_of(refresh(confidential, *given, nothing, {api, files})), "invalid_target");
  EXPECT_EQ(code_of(refresh(confidential, *given, nothing)), "ok") << "and nothing was used up";
}

TEST_F(BindingTest, AClientsOwnTokenIsForWhatItMayName) {
  EXPECT_EQ(own_token(confidential, nothing, {api})->access.audience,
            std::vector<std::string>{api});
  EXPECT_EQ(code_of(own_token(confidential, nothing, {"https://evil.test"})), "invalid_target");
  EXPECT_EQ(code_of(own_token(unbound, nothing, {api})), "invalid_target");
}

}  // namespace
}  // namespace vestibule::oauth
