#include "oauth/client_assertion.h"

#include <functional>

#include "jose/claims_writer.h"
#include "jose/signing_key.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

using jose::Algorithm;

const jose::SigningKey& key_of(Algorithm algorithm) {
  static const jose::SigningKey es256(Algorithm::es256,
                                      jose::PrivateKey::generate(Algorithm::es256));
  static const jose::SigningKey eddsa(Algorithm::eddsa,
                                      jose::PrivateKey::generate(Algorithm::eddsa));
  static const jose::SigningKey rs256(Algorithm::rs256,
                                      jose::PrivateKey::generate(Algorithm::rs256));
  static const jose::SigningKey ps256(Algorithm::ps256, rs256.key());
  switch (algorithm) {
    case Algorithm::es256:
      return es256;
    case Algorithm::eddsa:
      return eddsa;
    case Algorithm::rs256:
      return rs256;
    case Algorithm::ps256:
      break;
  }
  return ps256;
}

jose::KeySet set_of(std::initializer_list<Algorithm> algorithms) {
  std::vector<jose::VerificationKey> keys;
  for (const auto algorithm : algorithms) {
    const auto& key = key_of(algorithm);
    keys.push_back({key.kid(), std::nullopt, key.key().public_key()});
  }
  return jose::KeySet(std::move(keys));
}

constexpr const char* token_endpoint = "http://127.0.0.1:8081/oauth/v2/token";

/// The claims of an assertion, to be spoilt one at a time. A member is JSON; empty leaves it out.
struct Claims {
  std::string iss, sub, aud, exp, iat, nbf, jti;
};

class ClientAssertionTest : public OAuthTest {
 protected:
  ClientAssertionTest() {
    client = make_client(204, AuthMethod::private_key_jwt);
    client.secret_hash = std::nullopt;
    write([&](store::Transaction& tx) { insert_client(tx, client, now()); });
  }

  std::string in(std::int64_t seconds) const {
    return std::to_string(base::to_seconds(now()) + seconds);
  }
  Claims good() const {
    return {.iss = R"("204")",
            .sub = R"("204")",
            .aud = R"("http://127.0.0.1:8081")",
            .exp = in(60),
            .iat = in(0),
            .nbf = {},
            .jti = R"("one")"};
  }
  static std::string payload(const Claims& claims) {
    jose::ClaimsWriter writer;
    const auto put = [&](std::string_view name, const std::string& value) {
      if (!value.empty()) writer.raw(name, value);
    };
    put("iss", claims.iss);
    put("sub", claims.sub);
    put("aud", claims.aud);
    put("exp", claims.exp);
    put("iat", claims.iat);
    put("nbf", claims.nbf);
    put("jti", claims.jti);
    return std::move(writer).finish();
  }
  static std::string signed_by(Algorithm algorithm, const Claims& claims) {
    return jose::sign_compact(key_of(algorithm), jose::TokenType::jwt, payload(claims));
  }
  Result<VerifiedClient> verify(std::string_view assertion, const jose::KeySet& keys) const {
    const AssertionAudience audience{test_issuer, {token_endpoint}};
    return verify_assertion(client, assertion, keys, audience, now());
  }
  /// "ok", or the reason that only the log is told.
  std::string verdict(const Claims& claims, Algorithm algorithm = Algorithm::es256) const {
    return verdict(signed_by(algorithm, claims));
  }
  std::string verdict(std::string_view assertion) const {
    using enum Algorithm;
    const auto result = verify(assertion, set_of({es256, eddsa, rs256}));
    if (result) return "ok";
    EXPECT_EQ(result.error().code, "invalid_client");
    EXPECT_EQ(result.error().status, 401);
    EXPECT_EQ(result.error().description, "the client assertion is not accepted");
    return result.error().detail.substr(result.error().detail.rfind(": ") + 2);
  }
  std::string with(const std::function<void(Claims&)>& spoil) const {
    auto claims = good();
    spoil(claims);
    return verdict(claims);
  }

  Client client;
};

TEST_F(ClientAssertionTest, EachAlgorithmIsAccepted) {
  using enum Algorithm;
  for (const auto algorithm : {es256, eddsa, rs256, ps256}) {
    EXPECT_EQ(verdict(good(), algorithm), "ok") << jose::to_string(algorithm);
  }
  client.assertion_algorithm = es256;
  EXPECT_EQ(verdict(good(), es256), "ok");
  EXPECT_EQ(verdict(good(), rs256), "algorithm_not_allowed");
}

// RFC 7523 section 3.
TEST_F(ClientAssertionTest, EachClaimIsAskedFor) {
  EXPECT_EQ(with([](Claims& c) { c.iss = {}; }), "issuer_missing");
  EXPECT_EQ(with([](Claims& c) { c.iss = R"("205")"; }), "wrong_issuer");
  EXPECT_EQ(with([](Claims& c) { c.iss = "204"; }), "claim_malformed");
  EXPECT_EQ(with([](Claims& c) { c.sub = {}; }), "subject_missing");
  EXPECT_EQ(with([](Claims& c) { c.sub = R"("205")"; }), "sub is not the client");
  EXPECT_EQ(with([](Claims& c) { c.exp = {}; }), "expiry_missing");
  EXPECT_EQ(with([](Claims& c) { c.exp = R"("soon")"; }), "claim_malformed");
  EXPECT_EQ(with([](Claims& c) { c.jti = {}; }), "jti is missing");
  EXPECT_EQ(with([](Claims& c) { c.jti = R"("")"; }), "jti is missing");
  EXPECT_EQ(with([](Claims& c) { c.jti = "1"; }), "claim_malformed");
}

TEST_F(ClientAssertionTest, TimesAreBounded) {
  const auto at = [&](std::string Claims::* member, std::int64_t seconds) {
    return with([&](Claims& c) { c.*member = in(seconds); });
  };
  EXPECT_EQ(at(&Claims::exp, -9), "ok");
  EXPECT_EQ(at(&Claims::exp, -10), "expired");
  EXPECT_EQ(at(&Claims::exp, -300), "expired");
  EXPECT_EQ(at(&Claims::exp, 3600), "ok");
  EXPECT_EQ(at(&Claims::exp, 3611), "exp is too far ahead");
  EXPECT_EQ(at(&Claims::iat, 8), "ok");
  EXPECT_EQ(at(&Claims::iat, 61), "issued_in_future");
  EXPECT_EQ(at(&Claims::nbf, 8), "ok");
  EXPECT_EQ(at(&Claims::nbf, 62), "not_yet_valid");
}

TEST_F(ClientAssertionTest, TheAudienceIsThisServerAndNobodyElse) {
  const auto to = [&](std::string aud) { return with([&](Claims& c) { c.aud = std::move(aud); }); };
  const std::string issuer = R"("http://127.0.0.1:8081")";
  const std::string endpoint = '"' + std::string(token_endpoint) + '"';
  EXPECT_EQ(to(issuer), "ok");
  EXPECT_EQ(to(endpoint), "ok");
  EXPECT_EQ(to("[" + issuer + "]"), "ok");
  EXPECT_EQ(to("[" + issuer + "," + endpoint + "]"), "ok");
  EXPECT_EQ(to(R"("http://127.0.0.1:8081/")"), "aud names somebody else");
  EXPECT_EQ(to("[" + issuer + R"(,"https://other.test"])"), "aud names somebody else");
  EXPECT_EQ(to(R"("204")"), "aud names somebody else");
  EXPECT_EQ(to("[]"), "audience_missing");
  EXPECT_EQ(to("{}"), "claim_malformed");
  EXPECT_EQ(to(""), "audience_missing");
}

// FAPI 2.0 Security Profile sections 5.3.2.1 and 5.4.1.
TEST_F(ClientAssertionTest, AFapiClientNamesTheIssuerAndNothingElse) {
  client.profile = Profile::fapi2_security;
  const auto to = [&](std::string aud) { return with([&](Claims& c) { c.aud = std::move(aud); }); };
  EXPECT_EQ(to(R"("http://127.0.0.1:8081")"), "ok");
  EXPECT_EQ(to(R"(["http://127.0.0.1:8081"])"), "aud is not one string");
  EXPECT_EQ(to('"' + std::string(token_endpoint) + '"'), "aud is not the issuer");
  EXPECT_EQ(verdict(good(), Algorithm::ps256), "ok");
  EXPECT_EQ(verdict(good(), Algorithm::eddsa), "ok");
  EXPECT_EQ(verdict(good(), Algorithm::rs256), "algorithm_not_allowed");
  client.assertion_algorithm = Algorithm::rs256;
  EXPECT_EQ(verdict(good(), Algorithm::rs256), "algorithm_not_allowed");
}

TEST_F(ClientAssertionTest, OnlyTheClientsOwnKeysCount) {
  const auto assertion = signed_by(Algorithm::es256, good());
  EXPECT_FALSE(verify(assertion, set_of({Algorithm::eddsa})));
  EXPECT_FALSE(verify(assertion, jose::KeySet()));
  // A key of the same name that is another's.
  jose::VerificationKey other{key_of(Algorithm::es256).kid(), std::nullopt,
                              jose::PrivateKey::generate(Algorithm::es256).public_key()};
  EXPECT_FALSE(verify(assertion, jose::KeySet({other})));
  // A key that is bound to another algorithm.
  jose::VerificationKey bound{key_of(Algorithm::rs256).kid(), Algorithm::ps256,
                              key_of(Algorithm::rs256).key().public_key()};
  EXPECT_FALSE(verify(signed_by(Algorithm::rs256, good()), jose::KeySet({bound})));
}

TEST_F(ClientAssertionTest, HeadersLeadToNoOtherKey) {
  const auto under = [&](std::string_view header) {
    const auto& key = key_of(Algorithm::es256);
    return verdict(jose::sign_compact(key, base::to_base64url(header), payload(good())));
  };
  const auto kid = key_of(Algorithm::es256).kid();
  EXPECT_EQ(under(R"({"alg":"ES256","kid":")" + kid + R"("})"), "ok");
  EXPECT_EQ(under(R"({"alg":"ES256","typ":"client-authentication+jwt"})"), "ok");
  EXPECT_EQ(under(R"({"alg":"ES256","typ":"at+jwt"})"), "wrong_type");
  EXPECT_EQ(under(R"({"alg":"ES256","kid":"other"})"), "key_unknown");
  EXPECT_EQ(under(R"({"alg":"ES256","kid":"../../dev/null"})"), "key_unknown");
  EXPECT_EQ(under(R"({"alg":"ES256","kid":""})"), "ok") << "no kid: the only key that fits";
  EXPECT_EQ(under(R"({"alg":"EdDSA","kid":")" + kid + R"("})"), "key_does_not_fit");
  EXPECT_EQ(under(R"({"alg":"none"})"), "algorithm_unknown");
  EXPECT_EQ(under(R"({"alg":"HS256","kid":")" + kid + R"("})"), "algorithm_unknown");
  EXPECT_EQ(under(R"({"alg":"ES256","crit":["x"]})"), "critical_extension");
  EXPECT_EQ(under(R"({"kid":"x"})"), "algorithm_missing");
}

TEST_F(ClientAssertionTest, AnEditedAssertionIsRefused) {
  const auto assertion = signed_by(Algorithm::es256, good());
  for (std::size_t i = 0; i < assertion.size(); i += 7) {
    auto edited = assertion;
    edited[i] = edited[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(verdict(edited), "ok") << i;
  }
  EXPECT_NE(verdict(""), "ok");
  EXPECT_NE(verdict("a.b.c"), "ok");
}

TEST_F(ClientAssertionTest, AClientOfAnotherMethodHasNone) {
  client.auth_method = AuthMethod::client_secret_basic;
  EXPECT_EQ(verdict(good()), "client 204 is not registered for it");
}

TEST_F(ClientAssertionTest, AnAssertionWorksOnceUntilItExpires) {
  const auto use = [&](const std::string& assertion) {
    const auto verified = verify(assertion, set_of({Algorithm::es256}));
    if (!verified) return verified.error().detail;
    return write([&](store::Transaction& tx) {
      const auto confirmed = confirm_client(tx, *verified);
      return confirmed ? std::string("ok") : confirmed.error().detail;
    });
  };
  const auto first = signed_by(Algorithm::es256, good());
  EXPECT_EQ(use(first), "ok");
  EXPECT_EQ(use(first), "client assertion: client 204: jti was used before");
  // Another assertion of the same jti is the same.
  auto again = good();
  again.exp = in(120);
  EXPECT_EQ(use(signed_by(Algorithm::es256, again)),
            "client assertion: client 204: jti was used before");
  const auto forget = [&] {
    return write([&](store::Transaction& tx) { return delete_expired_assertions(tx, now(), 10); });
  };
  clock.advance(base::Seconds{69});
  EXPECT_EQ(forget(), 0);
  clock.advance(base::Seconds{1});
  EXPECT_NE(use(first), "ok");
  EXPECT_EQ(forget(), 1);
  EXPECT_NE(use(first), "ok") << "expired";
}

TEST_F(ClientAssertionTest, AJtiOfOneClientIsNotAnothers) {
  const OneTimeAssertion used{base::sha256("one"), now() + base::Seconds{60}};
  write([&](store::Transaction& tx) {
    EXPECT_TRUE(consume_assertion(tx, base::ClientId{1}, used));
    EXPECT_TRUE(consume_assertion(tx, base::ClientId{2}, used));
    EXPECT_FALSE(consume_assertion(tx, base::ClientId{1}, used));
  });
}

TEST_F(ClientAssertionTest, WhatTheClientChangedSinceIsNotConfirmed) {
  const auto verified =
      verify(signed_by(Algorithm::es256, good()), set_of({Algorithm::es256})).value();
  client.jwks = R"({"keys":[]})";
  write([&](store::Transaction& tx) { update_client(tx, client, now()); });
  EXPECT_FALSE(write([&](store::Transaction& tx) { return confirm_client(tx, verified); }));
}

// RFC 7521 section 4.2.
TEST_F(ClientAssertionTest, CredentialsAreOneWholeAssertion) {
  const auto assertion = signed_by(Algorithm::es256, good());
  const Fields whole = {{"client_assertion_type", std::string(assertion_type_jwt_bearer)},
                        {"client_assertion", assertion}};
  const auto parse = [&](std::optional<std::string_view> authorization, Fields more,
                         Fields fields) -> std::string {
    fields.insert(fields.end(), more.begin(), more.end());
    const auto parsed = parse_credentials(authorization, Parameters(fields));
    return parsed ? "client " + parsed->client_id : std::string(parsed.error().code);
  };
  EXPECT_EQ(parse({}, {}, whole), "client 204");
  EXPECT_EQ(parse({}, {{"client_id", "204"}}, whole), "client 204");
  EXPECT_EQ(parse({}, {{"client_id", "205"}}, whole), "invalid_client");
  EXPECT_EQ(parse({}, {{"client_secret", "s"}}, whole), "invalid_request");
  EXPECT_EQ(parse("Basic MjA0OnM=", {}, whole), "invalid_request");
  EXPECT_EQ(parse({}, {}, {whole[0]}), "invalid_request");
  EXPECT_EQ(parse({}, {}, {whole[1]}), "invalid_request");
  EXPECT_EQ(parse({}, {{"client_assertion", "x.y.z"}}, {whole[0]}), "invalid_client");
  EXPECT_EQ(parse({}, {{"client_assertion_type", "saml"}}, {whole[1]}), "invalid_client");
}

}  // namespace
}  // namespace vestibule::oauth
