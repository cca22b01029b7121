#include "oauth/fapi.h"

#include <gtest/gtest.h>

#include <string>

namespace vestibule::oauth {
namespace {

Client standard() {
  return {.id = base::ClientId{1},
          .organization = base::OrganizationId{1},
          .name = "client",
          .auth_method = AuthMethod::client_secret_basic,
          .redirect_uris = {"https://a.test/cb"}};
}

Client fapi() {
  auto client = standard();
  client.auth_method = AuthMethod::private_key_jwt;
  client.jwks = R"({"keys":[]})";
  client.profile = Profile::fapi2_message_signing;
  client.sender_constraint = SenderConstraint::dpop;
  client.id_token_algorithm = jose::Algorithm::ps256;
  return client;
}

/// The error of `client` after `edit`, or `fits`.
template <class F>
std::string verdict(Client client, F edit) {
  edit(client);
  const auto checked = check_client_configuration(client);
  return checked ? "fits" : std::string(checked.error().code);
}

constexpr const char* refused = "invalid_client_metadata";

TEST(ClientConfiguration, WhatFits) {
  const auto same = [](Client&) {};
  EXPECT_EQ(verdict(standard(), same), "fits");
  EXPECT_EQ(verdict(fapi(), same), "fits");
  EXPECT_EQ(verdict(standard(), [](Client& c) { c.pkce = Pkce::optional; }), "fits");
  EXPECT_EQ(verdict(fapi(), [](Client& c) { c.jwks.swap(c.jwks_uri); }), "fits");
  EXPECT_EQ(verdict(fapi(),
                    [](Client& c) {
                      c.auth_method = AuthMethod::tls_client_auth;
                      c.certificate_subject = CertificateSubject{};
                      c.sender_constraint = SenderConstraint::mtls;
                    }),
            "fits");
}

TEST(ClientConfiguration, WhatNoClientMayBe) {
  EXPECT_EQ(verdict(standard(),
                    [](Client& c) {
                      c.auth_method = AuthMethod::none;
                      c.pkce = Pkce::optional;
                    }),
            refused);
  EXPECT_EQ(verdict(standard(), [](Client& c) { c.jwks = c.jwks_uri = "x"; }), refused);
  EXPECT_EQ(verdict(standard(), [](Client& c) { c.auth_method = AuthMethod::private_key_jwt; }),
            refused);
  EXPECT_EQ(verdict(standard(), [](Client& c) { c.auth_method = AuthMethod::tls_client_auth; }),
            refused);
  EXPECT_EQ(verdict(standard(), [](Client& c) { c.requires_signed_request_object = true; }),
            refused);
  EXPECT_EQ(verdict(standard(), [](Client& c) { c.request_uris = {"http://a.test/r"}; }), refused);
}

TEST(ClientConfiguration, WhatFapiForbids) {
  EXPECT_EQ(verdict(fapi(), [](Client& c) { c.auth_method = AuthMethod::none; }), refused);
  EXPECT_EQ(verdict(fapi(), [](Client& c) { c.auth_method = AuthMethod::client_secret_basic; }),
            refused);
  EXPECT_EQ(verdict(fapi(), [](Client& c) { c.sender_constraint = SenderConstraint::none; }),
            refused);
  EXPECT_EQ(verdict(fapi(), [](Client& c) { c.pkce = Pkce::optional; }), refused);
  EXPECT_EQ(verdict(fapi(), [](Client& c) { c.jwks.clear(); }), refused);
  const auto rs256 = jose::Algorithm::rs256;
  EXPECT_EQ(verdict(fapi(), [&](Client& c) { c.id_token_algorithm = rs256; }), refused);
  EXPECT_EQ(verdict(fapi(), [&](Client& c) { c.access_token_algorithm = rs256; }), refused);
  EXPECT_EQ(verdict(fapi(), [&](Client& c) { c.userinfo_algorithm = rs256; }), refused);
  EXPECT_EQ(verdict(fapi(), [&](Client& c) { c.introspection_algorithm = rs256; }), refused);
  EXPECT_EQ(verdict(fapi(), [&](Client& c) { c.authorization_response_algorithm = rs256; }),
            refused);
  EXPECT_EQ(verdict(fapi(), [&](Client& c) { c.assertion_algorithm = rs256; }), refused);
  EXPECT_EQ(verdict(fapi(), [&](Client& c) { c.request_object_algorithm = rs256; }), refused);
  for (const auto* uri : {"http://a.test/cb", "http://127.0.0.1/cb", "app:/cb"}) {
    EXPECT_EQ(verdict(fapi(), [&](Client& c) { c.redirect_uris = {"https://a.test/cb", uri}; }),
              "invalid_redirect_uri")
        << uri;
  }
  EXPECT_EQ(verdict(fapi(),
                    [](Client& c) {
                      c.application_type = "native";
                      c.redirect_uris = {"http://127.0.0.1/cb"};
                    }),
            "fits");
}

TEST(ClientProfile, WhatItAsksOfARequest) {
  EXPECT_FALSE(requires_pushed_request(standard()));
  EXPECT_FALSE(requires_signed_request(standard()));
  EXPECT_TRUE(requires_pkce(standard()));
  EXPECT_TRUE(rotates_refresh_tokens(standard()));
  EXPECT_TRUE(requires_pushed_request(fapi()));
  EXPECT_TRUE(requires_signed_request(fapi()));
  EXPECT_FALSE(rotates_refresh_tokens(fapi()));
  auto client = fapi();
  client.profile = Profile::fapi2_security;
  EXPECT_FALSE(requires_signed_request(client));
  client.requires_signed_request_object = true;
  EXPECT_TRUE(requires_signed_request(client));
  EXPECT_EQ(request_object_algorithms(client).size(), 3);
  EXPECT_EQ(request_object_algorithms(standard()).size(), 4);
  client.request_object_algorithm = jose::Algorithm::ps256;
  EXPECT_EQ(request_object_algorithms(client), std::vector{jose::Algorithm::ps256});
}

}  // namespace
}  // namespace vestibule::oauth
