#include "oauth/client.h"

#include "oauth/client_authentication.h"
#include "oauth/pkce.h"
#include "oauth/scope.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

using ClientTest = OAuthTest;

Parameters form(std::vector<Parameters::Field> fields) {
  return Parameters(std::move(fields));
}
std::string basic(std::string_view pair) {
  return "Basic " + base::to_base64(pair);
}

TEST_F(ClientTest, EverySettingComesBackFromTheStore) {
  confidential.access_token_format = TokenFormat::jwt;
  confidential.access_token_lifetime = base::Seconds{600};
  confidential.id_token_algorithm = jose::Algorithm::es256;
  confidential.id_token_claims = Client::IdTokenClaims::minimal;
  write([&](store::Transaction& tx) { update_client(tx, confidential, now()); });
  const auto found = read([&](store::Transaction& tx) { return find_client(tx, confidential.id); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->redirect_uris, confidential.redirect_uris);
  EXPECT_EQ(found->post_logout_redirect_uris, confidential.post_logout_redirect_uris);
  EXPECT_EQ(found->grant_types, confidential.grant_types);
  EXPECT_EQ(found->audiences, confidential.audiences);
  EXPECT_EQ(found->actors, confidential.actors);
  EXPECT_EQ(found->secret_hash, confidential.secret_hash);
  EXPECT_EQ(found->access_token_format, TokenFormat::jwt);
  EXPECT_EQ(found->access_token_lifetime.count(), 600);
  EXPECT_EQ(found->id_token_algorithm, jose::Algorithm::es256);
  EXPECT_EQ(found->id_token_claims, Client::IdTokenClaims::minimal);
  EXPECT_EQ(read([](store::Transaction& tx) { return list_clients(tx).size(); }), 3U);
}

TEST_F(ClientTest, CredentialsAreReadFromOnePlaceOnly) {
  const auto post = parse_credentials({}, form({{"client_id", "1"}, {"client_secret", "s"}}));
  ASSERT_TRUE(post);
  EXPECT_EQ(post->method, AuthMethod::client_secret_post);
  const auto header = parse_credentials(basic("1:a%20b%3A+"), form({}));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->secret.reveal(), "a b: ");
  const auto stray = parse_credentials("Bearer x", form({{"client_id", "1"}}));
  ASSERT_TRUE(stray);
  EXPECT_EQ(stray->method, AuthMethod::none);

  const auto refused = [](std::optional<std::string_view> field,
                          std::vector<Parameters::Field> fields) {
    const auto result = parse_credentials(field, form(std::move(fields)));
    return result ? std::string("accepted") : std::string(result.error().code);
  };
  EXPECT_EQ(refused(basic("1:s"), {{"client_secret", "s"}}), "invalid_request");
  EXPECT_EQ(refused(basic("1:s"), {{"client_id", "2"}}), "invalid_request");
  EXPECT_EQ(refused(basic("1"), {}), "invalid_request");
  EXPECT_EQ(refused(basic(":s"), {}), "invalid_request");
  EXPECT_EQ(refused("Basic ???", {}), "invalid_request");
  EXPECT_EQ(refused({}, {}), "invalid_request");
  EXPECT_EQ(refused({}, {{"client_id", ""}}), "invalid_request");
  EXPECT_EQ(refused({}, {{"client_id", "1"}, {"client_assertion", "x"}}), "invalid_request");
}

TEST_F(ClientTest, OnlyTheRightSecretAuthenticates) {
  const auto answer = [&](AuthMethod method, const std::string& id, const std::string& secret) {
    return read([&](store::Transaction& tx) {
      const auto client = verify_client(tx, {method, id, base::Secret(secret)});
      return client ? std::string("ok")
                    : std::to_string(client.error().status) + " " + client.error().description;
    });
  };
  using enum AuthMethod;
  EXPECT_EQ(answer(client_secret_post, "201", test_secret), "ok");
  EXPECT_EQ(answer(client_secret_basic, "201", test_secret), "ok");
  EXPECT_EQ(answer(none, "202", ""), "ok");
  EXPECT_EQ(answer(client_secret_post, "201", "wrong"), "400 invalid secret");
  EXPECT_EQ(answer(client_secret_basic, "201", "wrong"), "401 invalid secret");
  EXPECT_EQ(answer(none, "201", ""), "400 client authentication is missing");
  EXPECT_EQ(answer(client_secret_post, "1234567", test_secret), "400 no active client not found");
  EXPECT_EQ(answer(client_secret_basic, "x", test_secret), "401 no active client not found");
}

TEST_F(ClientTest, APublicClientShowsNothingByASecret) {
  for (const auto method : {AuthMethod::client_secret_post, AuthMethod::client_secret_basic}) {
    const auto client = read([&](store::Transaction& tx) {
      return confirm_client(tx,
                            verify_client(tx, {method, "202", base::Secret("undefined")}).value());
    });
    ASSERT_TRUE(client);
    EXPECT_FALSE(client->is_confidential());
    EXPECT_EQ(client->how(), AuthMethod::none);
  }
}

TEST_F(ClientTest, WhatWasVerifiedIsConfirmedOnlyWhileItHolds) {
  const auto verified = read([&](store::Transaction& tx) {
    return verify_client(tx, {AuthMethod::client_secret_post, "201", base::Secret(test_secret)});
  });
  ASSERT_TRUE(verified);
  const auto confirmed_name = [&] {
    return read([&](store::Transaction& tx) {
      const auto client = confirm_client(tx, *verified);
      return client ? client->client().name : client.error().description;
    });
  };
  auto client = confidential;
  client.name = "renamed";
  write([&](store::Transaction& tx) { update_client(tx, client, now()); });
  EXPECT_EQ(confirmed_name(), "renamed");
  client.secret_hash = base::sha256("another");
  write([&](store::Transaction& tx) { update_client(tx, client, now()); });
  EXPECT_EQ(confirmed_name(), "no active client not found");
}

TEST_F(ClientTest, ScopesThatMeanNothingAreDropped) {
  const auto known = known_scopes(
      Scope::parse("openid foo urn:zitadel:iam:org:id:1 urn:zitadel:iam:org:id:2 openid "
                   "urn:zitadel:iam:org:project:id:900:aud urn:zitadel:iam:user:metadata"),
      confidential);
  EXPECT_EQ(known.text(),
            "openid urn:zitadel:iam:org:id:1 urn:zitadel:iam:org:project:id:900:aud "
            "urn:zitadel:iam:user:metadata");
}

// RFC 7636 appendix B.
TEST(Pkce, MatchesTheRfcsExample) {
  constexpr std::string_view challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  EXPECT_TRUE(is_code_challenge(challenge));
  EXPECT_TRUE(matches_challenge(test_verifier, challenge));
  EXPECT_FALSE(matches_challenge(std::string(test_verifier) + "a", challenge));
  EXPECT_FALSE(matches_challenge("", challenge));
  EXPECT_FALSE(matches_challenge(challenge, challenge));
  EXPECT_FALSE(is_code_challenge(std::string(challenge) + "="));
  EXPECT_FALSE(is_code_challenge("short"));
  EXPECT_FALSE(is_code_verifier(std::string(42, 'a')));
  EXPECT_FALSE(is_code_verifier(std::string(129, 'a')));
  EXPECT_FALSE(is_code_verifier(std::string(43, '/')));
}

TEST(ParametersTest, ARepeatedParameterIsRefusedAndAnEmptyOneIsAbsent) {
  EXPECT_FALSE(form({{"a", "1"}, {"a", ""}}).check_not_repeated());
  EXPECT_TRUE(form({{"audience", "1"}, {"audience", "2"}}).check_not_repeated());
  EXPECT_FALSE(form({{"a", ""}}).find("a"));
  EXPECT_EQ(form({{"audience", "1"}, {"audience", "2"}}).all("audience").size(), 2U);
}

}  // namespace
}  // namespace vestibule::oauth
