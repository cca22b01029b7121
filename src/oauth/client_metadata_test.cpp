#include "oauth/client_metadata.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "oauth/client_settings.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

constexpr const char* minimal = R"({"redirect_uris":["https://rp.test/cb"]})";
constexpr const char* key =
    R"({"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
    R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})";

Client identity() {
  Client client;
  client.id = base::ClientId{7};
  client.organization = base::OrganizationId{1};
  client.project = 9;
  return client;
}

Result<Client> read_with(std::string_view more, Registrant registrant = Registrant::anyone) {
  auto document = json::parse(minimal).as_object();
  for (const auto& member : json::parse(more).as_object()) {
    document[member.key()] = member.value();
  }
  return read_client_metadata(document, identity(), registrant);
}

/// The error's code, or "good".
std::string verdict(std::string_view more, Registrant registrant = Registrant::anyone) {
  const auto client = read_with(more, registrant);
  return client ? "good" : std::string(client.error().code);
}

TEST(ClientMetadata, DefaultsAreTheSpecificationsAndTheCautiousOnes) {
  const auto client = read_with("{}").value();
  EXPECT_EQ(client.client_id(), "7");
  EXPECT_EQ(client.project, 9);
  EXPECT_EQ(client.auth_method, AuthMethod::client_secret_basic);
  EXPECT_EQ(client.grant_types, std::vector<std::string>{"authorization_code"});
  EXPECT_EQ(client.id_token_algorithm, jose::Algorithm::rs256);
  EXPECT_EQ(client.application_type, "web");
  EXPECT_EQ(client.consent, Consent::asked);
  EXPECT_EQ(client.pkce, Pkce::optional);
  EXPECT_EQ(client.id_token_claims, Client::IdTokenClaims::minimal);
  EXPECT_EQ(read_with(R"({"token_endpoint_auth_method":"none"})").value().pkce, Pkce::required);
}

TEST(ClientMetadata, NobodyGivesThemselvesWhatOnlyAnOperatorGives) {
  const auto client = read_with(R"({"consent":"implied","pkce":"required","actors":["5"],
      "audiences":["https://api.test"],"profile":"fapi2_security","access_token_lifetime":100000,
      "access_token_format":"jwt","project":1,"organization":5,"client_id":"3",
      "registration_token_hash":"x"})")
                          .value();
  EXPECT_EQ(client.consent, Consent::asked);
  EXPECT_TRUE(client.actors.empty());
  EXPECT_TRUE(client.audiences.empty());
  EXPECT_EQ(client.profile, Profile::standard);
  EXPECT_EQ(client.access_token_format, TokenFormat::opaque);
  EXPECT_EQ(client.access_token_lifetime, Client{}.access_token_lifetime);
  EXPECT_EQ(client.project, 9);
  EXPECT_EQ(client.client_id(), "7");
  EXPECT_FALSE(client.registration_token_hash);
  for (const auto* grant : {"urn:ietf:params:oauth:grant-type:token-exchange", "client_credentials",
                            "implicit", "password", ""}) {
    EXPECT_EQ(verdict(json::serialize(
                  json::object{{"grant_types", json::array{"authorization_code", grant}}})),
              "invalid_client_metadata")
        << grant;
  }
}

TEST(ClientMetadata, AnOperatorMayGiveMore) {
  const auto client = read_with(R"({"client_name":"c","consent":"asked","pkce":"optional",
      "actors":["5"],"audiences":["https://api.test"],"access_token_format":"jwt",
      "access_token_lifetime":60,"grant_types":["client_credentials",
      "urn:ietf:params:oauth:grant-type:token-exchange"],"redirect_uris":[]})",
                                Registrant::an_operator)
                          .value();
  EXPECT_EQ(client.actors, std::vector{base::UserId{5}});
  EXPECT_EQ(client.access_token_lifetime, base::Seconds{60});
  EXPECT_EQ(client.consent, Consent::asked);
  EXPECT_EQ(read_with("{}", Registrant::an_operator).value().consent, Consent::implied);
  for (const auto* wrong :
       {R"({"actors":["x"]})", R"({"consent":"never"})", R"({"access_token_lifetime":1})",
        R"({"access_token_lifetime":"60"})", R"({"profile":"fapi1"})",
        R"({"token_endpoint_auth_method":"none","pkce":"optional"})"}) {
    EXPECT_EQ(verdict(wrong, Registrant::an_operator), "invalid_client_metadata") << wrong;
  }
}

TEST(ClientMetadata, RedirectUrisAreHttpsOrAnApplicationsOwn) {
  const auto with = [](std::string_view uri, const char* type) {
    return verdict(json::serialize(
        json::object{{"redirect_uris", json::array{uri}}, {"application_type", type}}));
  };
  for (const auto* uri : {"https://rp.test/cb?bar=foo", "https://rp.test", "https://[::1]:8443/cb",
                          "https://localhost:8443/test/a/x/callback"}) {
    EXPECT_EQ(with(uri, "web"), "good") << uri;
    EXPECT_EQ(with(uri, "native"), "good") << uri;
  }
  for (const auto* uri : {"http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost:3000/cb",
                          "com.example.app:/oauth", "com.example.app://cb"}) {
    EXPECT_EQ(with(uri, "web"), "invalid_redirect_uri") << uri;
    EXPECT_EQ(with(uri, "native"), "good") << uri;
  }
  for (const auto* uri : {"https://rp.test/cb#",
                          "https://rp.test/cb#x",
                          "http://rp.test/cb",
                          "rp.test/cb",
                          "/cb",
                          "//rp.test/cb",
                          "https:///cb",
                          "https:rp.test",
                          "https://u:p@rp.test/cb",
                          "https://u@rp.test/",
                          "javascript:alert(1)",
                          "data:text/html,x",
                          "file:///etc/passwd",
                          "vbscript:x",
                          "blob:https://rp.test/1",
                          "about:blank",
                          "myapp:/cb",
                          "https://rp.test/ cb",
                          "https://rp.test/\\cb",
                          "https://rp.test/\ncb",
                          "http://127.0.0.1.evil.test/",
                          "http://localhost.evil.test/cb",
                          "https://rp%2etest/cb",
                          "https://a:443b/cb"}) {
    EXPECT_EQ(with(uri, "native"), std::string(uri).find('\n') == std::string::npos
                                       ? "invalid_redirect_uri"
                                       : "invalid_client_metadata")
        << uri;
  }
  EXPECT_EQ(with("https://rp.test/" + std::string(2000, 'x'), "web"), "invalid_client_metadata");
  EXPECT_EQ(verdict(R"({"redirect_uris":[]})"), "invalid_redirect_uri");
  EXPECT_EQ(verdict(R"({"redirect_uris":null})"), "invalid_redirect_uri");
  EXPECT_EQ(verdict(R"({"redirect_uris":"https://rp.test/cb"})"), "invalid_client_metadata");
  EXPECT_EQ(verdict(R"({"redirect_uris":[1]})"), "invalid_client_metadata");
}

TEST(ClientMetadata, WhatDoesNotFitTogetherIsRefused) {
  for (const auto* wrong : {
           R"({"response_types":["token"]})",
           R"({"response_types":["code","id_token"]})",
           R"({"response_types":["code id_token"]})",
           R"({"response_types":[]})",
           R"({"grant_types":["refresh_token"],"response_types":["code"]})",
           R"({"token_endpoint_auth_method":"client_secret_jwt"})",
           R"({"token_endpoint_auth_method":"private_key_jwt"})",
           R"({"token_endpoint_auth_method":"tls_client_auth"})",
           R"({"token_endpoint_auth_method":1})",
           R"({"tls_client_auth_subject_dn":"CN=x"})",
           R"({"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":""})",
           R"({"token_endpoint_auth_method":"tls_client_auth","tls_client_auth_subject_dn":"CN=x",
               "tls_client_auth_san_dns":"x"})",
           R"({"dpop_bound_access_tokens":true,"tls_client_certificate_bound_access_tokens":true})",
           R"({"jwks_uri":"http://rp.test/jwks"})",
           R"({"jwks_uri":"https://rp.test/jwks#k"})",
           R"({"jwks":"{}"})",
           R"({"jwks":{}})",
           R"({"jwks":{"keys":[]}})",
           R"({"jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}})",
           R"({"subject_type":"pairwise"})",
           R"({"sector_identifier_uri":"http://rp.test/s.json"})",
           R"({"application_type":"desktop"})",
           R"({"id_token_signed_response_alg":"none"})",
           R"({"id_token_signed_response_alg":"HS256"})",
           R"({"userinfo_signed_response_alg":"none"})",
           R"({"request_object_signing_alg":"none"})",
           R"({"token_endpoint_auth_signing_alg":"HS256"})",
           R"({"id_token_encrypted_response_alg":"RSA-OAEP"})",
           R"({"userinfo_encrypted_response_enc":"A128GCM"})",
           R"({"request_object_encryption_alg":"RSA-OAEP"})",
           R"({"default_max_age":-1})",
           R"({"default_max_age":"60"})",
           R"({"default_max_age":1.5})",
           R"({"require_auth_time":"true"})",
           R"({"contacts":"a@rp.test"})",
           R"({"client_name":5})",
           R"({"client_name":"a\u0000b"})",
           R"({"logo_uri":"javascript:void"})",
           R"({"logo_uri":"data:image/png;base64,AAAA"})",
           R"({"policy_uri":"ftp://rp.test/"})",
           R"({"tos_uri":"//rp.test/"})",
           R"({"client_uri":"https://user@rp.test/"})",
           R"({"request_uris":["http://rp.test/r"]})",
           R"({"post_logout_redirect_uris":["http://rp.test/bye"]})",
           R"({"post_logout_redirect_uris":["https://rp.test/bye#x"]})",
           R"({"backchannel_logout_uri":"rp.test/out"})",
           R"({"backchannel_logout_uri":"https://rp.test/out#x"})",
           R"({"backchannel_logout_uri":"http://rp.test/out","token_endpoint_auth_method":"none"})",
           R"({"frontchannel_logout_uri":"https://other.test/out"})",
           R"({"frontchannel_logout_uri":"https://rp.test:8443/out"})",
           R"({"frontchannel_logout_uri":"http://rp.test/out"})",
       }) {
    EXPECT_EQ(verdict(wrong), "invalid_client_metadata") << wrong;
  }
  const auto both = R"({"jwks_uri":"https://rp.test/j","jwks":)" + std::string(key) + "}";
  EXPECT_EQ(verdict(both), "invalid_client_metadata");
}

TEST(ClientMetadata, APrivateKeyIsRefused) {
  auto set = json::parse(key).as_object();
  set["keys"].as_array()[0].as_object()["d"] = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
  EXPECT_EQ(verdict(json::serialize(json::object{{"jwks", set}})), "invalid_client_metadata");
}

TEST(ClientMetadata, WhatIsUnknownOrNullIsIgnored) {
  const auto client =
      read_with(R"({"x_own":{"a":1},"client_name#fr":"x","scope":"openid admin","logo_uri":null,
                    "software_statement":"x","initiate_login_uri":"https://rp.test/"})")
          .value();
  EXPECT_EQ(client.display.logo_uri, "");
  EXPECT_FALSE(client_metadata(client, Registrant::anyone).contains("scope"));
}

TEST(ClientMetadata, WhatWasReadIsWrittenAndReadsTheSame) {
  for (const auto registrant : {Registrant::anyone, Registrant::an_operator}) {
    const auto document = json::parse(R"({"redirect_uris":["https://rp.test/cb"],
      "client_name":"Naïve & Söhne","application_type":"native",
      "grant_types":["authorization_code","refresh_token"],"response_types":["code"],
      "token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_signing_alg":"ES256",
      "jwks_uri":"https://rp.test/jwks","subject_type":"public",
      "id_token_signed_response_alg":"PS256","userinfo_signed_response_alg":"RS256",
      "introspection_signed_response_alg":"ES256","authorization_signed_response_alg":"EdDSA",
      "request_object_signing_alg":"ES256","require_signed_request_object":true,
      "require_pushed_authorization_requests":true,"request_uris":["https://rp.test/r#h"],
      "require_auth_time":true,"default_max_age":60,"default_acr_values":["1"],
      "dpop_bound_access_tokens":true,"contacts":["a@rp.test"],
      "post_logout_redirect_uris":["https://rp.test/bye"],
      "backchannel_logout_uri":"https://rp.test/back","backchannel_logout_session_required":true,
      "frontchannel_logout_uri":"https://rp.test/front",
      "frontchannel_logout_session_required":false,"client_uri":"https://rp.test/",
      "logo_uri":"https://rp.test/l.png","policy_uri":"https://rp.test/p",
      "tos_uri":"http://rp.test/t"})")
                              .as_object();
    const auto client = read_client_metadata(document, identity(), registrant).value();
    const auto written = client_metadata(client, registrant);
    for (const auto& member : document) {
      ASSERT_TRUE(written.contains(member.key())) << member.key();
      EXPECT_EQ(written.at(member.key()), member.value()) << member.key();
    }
    const auto again = read_client_metadata(written, identity(), registrant).value();
    EXPECT_EQ(settings_json(again), settings_json(client));
    EXPECT_EQ(written.contains("consent"), registrant == Registrant::an_operator);
  }
}

TEST(ClientMetadata, ASectorListsEveryRedirectUri) {
  auto client = identity();
  client.redirect_uris = {"https://a.test/cb", "https://b.test/cb"};
  EXPECT_TRUE(check_sector_identifier(
      client, R"(["https://b.test/cb","https://a.test/cb","https://c.test/"])"));
  for (const auto* wrong : {R"(["https://a.test/cb"])", R"("https://a.test/cb")", "[]", "{}", "",
                            "[1]", R"(["https://a.test/cb","https://b.test/cb")"}) {
    const auto verdict = check_sector_identifier(client, wrong);
    ASSERT_FALSE(verdict) << wrong;
    EXPECT_EQ(verdict.error().code, "invalid_client_metadata");
  }
}

}  // namespace
}  // namespace vestibule::oauth
