#include "remote/id_token.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <future>

#include "base/encoding.h"
#include "jose/jws.h"
#include "jose/signing_key.h"
#include "remote/fake_zitadel_test.h"
#include "remote/zitadel_client.h"

namespace vestibule::remote {
namespace {

namespace json = boost::json;
using Kind = CallError::Kind;
using jose::Algorithm;
using testing::FakeZitadel;
using testing::Received;
using testing::Reply;

const jose::SigningKey& signing_key(Algorithm algorithm = Algorithm::rs256) {
  static const jose::SigningKey rs256(Algorithm::rs256,
                                      jose::PrivateKey::generate(Algorithm::rs256));
  static const jose::SigningKey ps256(Algorithm::ps256,
                                      jose::PrivateKey::generate(Algorithm::ps256));
  static const jose::SigningKey es256(Algorithm::es256,
                                      jose::PrivateKey::generate(Algorithm::es256));
  static const jose::SigningKey eddsa(Algorithm::eddsa,
                                      jose::PrivateKey::generate(Algorithm::eddsa));
  switch (algorithm) {
    case Algorithm::rs256:
      return rs256;
    case Algorithm::ps256:
      return ps256;
    case Algorithm::es256:
      return es256;
    case Algorithm::eddsa:
      break;
  }
  return eddsa;
}

/// As a server publishes them, with their `alg`.
std::string published(const std::vector<const jose::SigningKey*>& keys) {
  std::vector<jose::VerificationKey> all;
  for (const auto* key : keys) {
    all.push_back({key->kid(), key->algorithm(), key->key().public_key()});
  }
  return jose::KeySet(all).to_json();
}

class IdTokenTest : public ::testing::Test {
 protected:
  base::FakeClock clock;
  FakeZitadel remote{{{.body = published({&signing_key()})}}};
  ZitadelClient client{remote.options(), clock};

  /// The claims of a real ZITADEL's token.
  json::object claims() const {
    const auto now = base::to_seconds(clock.now());
    return {{"iss", remote.issuer()},
            {"sub", "400"},
            {"aud", {"client-1", "project-1"}},
            {"exp", now + 43199},
            {"iat", now},
            {"auth_time", now - 5},
            {"nonce", "n-1"},
            {"amr", {"pwd", "mfa"}},
            {"azp", "client-1"},
            {"client_id", "client-1"},
            {"at_hash", "icxWiDdD0hvfd3GKPqGCXQ"},
            {"name", "Jane Doe"},
            {"given_name", "Jane"},
            {"family_name", "Doe"},
            {"locale", nullptr},
            {"preferred_username", "jane@example.com"},
            {"email", "jane@example.com"},
            {"email_verified", true}};
  }
  json::object changed(const char* name, const json::value& value) const {
    auto all = claims();
    all[name] = value;
    return all;
  }
  json::object without(const char* name) const {
    auto all = claims();
    all.erase(name);
    return all;
  }
  Called<Identity> verify(const std::string& token) {
    return client.verify_id_token(base::Secret(token), clock.now());
  }
  Called<Identity> verify(const json::object& payload,
                          const jose::SigningKey& key = signing_key()) {
    return verify(sign_compact(key, jose::TokenType::jwt, json::serialize(payload)));
  }
  void expect_invalid(const Called<Identity>& identity, const std::string& why) {
    ASSERT_FALSE(identity) << why;
    EXPECT_TRUE(identity.error().is("invalid_token")) << identity.error().detail;
    EXPECT_EQ(identity.error().detail, "ID token: " + why);
  }
};

TEST_F(IdTokenTest, SaysWhoHasSignedIn) {
  const auto identity = verify(claims());
  ASSERT_TRUE(identity) << identity.error().detail;
  EXPECT_EQ(remote.last().target, "/oauth/v2/keys");
  EXPECT_EQ(identity->subject, "400");
  EXPECT_EQ(identity->name, "Jane Doe");
  EXPECT_EQ(identity->given_name, "Jane");
  EXPECT_EQ(identity->family_name, "Doe");
  EXPECT_EQ(identity->email, "jane@example.com");
  EXPECT_TRUE(identity->email_verified);
  EXPECT_EQ(base::to_seconds(identity->auth_time.value()), base::to_seconds(clock.now()) - 5);
  EXPECT_EQ(identity->amr, "pwd mfa");
  EXPECT_EQ(identity->nonce, "n-1");
}

TEST_F(IdTokenTest, NeedsNoMoreThanTheStandardAsksFor) {
  const auto now = base::to_seconds(clock.now());
  const auto identity = verify({{"iss", remote.issuer()},
                                {"sub", "400"},
                                {"aud", "client-1"},
                                {"exp", now + 1},
                                {"iat", now}});
  ASSERT_TRUE(identity) << identity.error().detail;
  EXPECT_EQ(identity->email, "");
  EXPECT_FALSE(identity->email_verified);
  EXPECT_FALSE(identity->auth_time);
}

TEST_F(IdTokenTest, EveryAlgorithmThatIsPublished) {
  remote.answer(
      {{.body = published({&signing_key(), &signing_key(Algorithm::ps256),
                           &signing_key(Algorithm::es256), &signing_key(Algorithm::eddsa)})}});
  for (const auto algorithm :
       {Algorithm::rs256, Algorithm::ps256, Algorithm::es256, Algorithm::eddsa}) {
    EXPECT_TRUE(verify(claims(), signing_key(algorithm))) << to_string(algorithm);
  }
  EXPECT_EQ(remote.count(), 1U);
}

TEST_F(IdTokenTest, AClaimThatDoesNotHold) {
  expect_invalid(verify(changed("iss", "https://elsewhere.test")), "wrong_issuer");
  expect_invalid(verify(changed("iss", (remote.issuer() + "/").c_str())), "wrong_issuer");
  expect_invalid(verify(without("iss")), "issuer_missing");
  expect_invalid(verify(without("sub")), "subject_missing");
  expect_invalid(verify(changed("sub", "")), "subject_missing");
  expect_invalid(verify(changed("sub", 400)), "claim_malformed");
  expect_invalid(verify(changed("aud", "project-1")), "wrong_audience");
  expect_invalid(verify(changed("aud", json::array{})), "audience_missing");
  expect_invalid(verify(without("aud")), "audience_missing");
  expect_invalid(verify(changed("azp", "client-2")), "azp is not the client");
  expect_invalid(verify(without("azp")), "azp is not the client");
  auto alone = changed("azp", "client-2");
  alone["aud"] = "client-1";
  expect_invalid(verify(alone), "azp is not the client");
  expect_invalid(verify(without("exp")), "expiry_missing");
  expect_invalid(verify(without("iat")), "iat is missing");
  expect_invalid(verify(changed("email", 7)), "a claim of a wrong type");
  expect_invalid(verify(changed("email_verified", "true")), "a claim of a wrong type");
  expect_invalid(verify(changed("name", json::array{"Jane"})), "a claim of a wrong type");
  expect_invalid(verify(changed("nonce", 7)), "claim_malformed");
}

TEST_F(IdTokenTest, ItsTimeHasASmallLeeway) {
  const auto now = base::to_seconds(clock.now());
  EXPECT_TRUE(verify(changed("exp", now - 29)));
  expect_invalid(verify(changed("exp", now - 30)), "expired");
  EXPECT_TRUE(verify(changed("iat", now + 29)));
  expect_invalid(verify(changed("iat", now + 31)), "issued_in_future");
  expect_invalid(verify(changed("nbf", now + 31)), "not_yet_valid");
}

TEST_F(IdTokenTest, AnotherKindOfTokenIsNoIdToken) {
  const auto payload = json::serialize(claims());
  using Type = jose::TokenType;
  for (const auto type : {Type::access_token, Type::logout_token, Type::introspection}) {
    expect_invalid(verify(sign_compact(signing_key(), type, payload)), "wrong_type");
  }
}

TEST_F(IdTokenTest, WhatIsNotSignedByTheRemote) {
  const auto payload = base::to_base64url(json::serialize(claims()));
  const auto unsigned_token = [&](const std::string& header) {
    return base::to_base64url(header) + "." + payload + ".";
  };
  expect_invalid(verify(unsigned_token(R"({"alg":"none"})")), "algorithm_unknown");
  expect_invalid(verify(unsigned_token(R"({"alg":"HS256","typ":"JWT"})") + "AAAA"),
                 "algorithm_unknown");
  expect_invalid(verify(std::string("opaque")), "not_three_parts");
  expect_invalid(verify(std::string()), "not_three_parts");
  EXPECT_EQ(remote.count(), 0U) << "no reason to ask for keys";

  auto token = sign_compact(signing_key(), jose::TokenType::jwt, json::serialize(claims()));
  const auto other = json::serialize(changed("sub", "401"));
  const auto first = token.find('.');
  const auto last = token.rfind('.');
  expect_invalid(
      verify(token.substr(0, first + 1) + base::to_base64url(other) + token.substr(last)),
      "signature_invalid");
  // Another's key under a name of the remote's.
  const jose::SigningKey foreign(Algorithm::rs256, jose::PrivateKey::generate(Algorithm::rs256));
  expect_invalid(verify(sign_compact(foreign, signing_key().header(jose::TokenType::jwt),
                                     json::serialize(claims()))),
                 "signature_invalid");
  // A key is used with the algorithm that it was published for only.
  const jose::SigningKey same(Algorithm::ps256, signing_key().key());
  expect_invalid(verify(claims(), same), "key_does_not_fit");
}

TEST_F(IdTokenTest, ATokenWithoutAKidIsVerifiedByTheOnlyKey) {
  const auto header = base::to_base64url(R"({"alg":"RS256"})");
  EXPECT_TRUE(verify(sign_compact(signing_key(), header, json::serialize(claims()))));
}

TEST_F(IdTokenTest, KeysRotate) {
  const jose::SigningKey next(Algorithm::es256, jose::PrivateKey::generate(Algorithm::es256));
  EXPECT_TRUE(verify(claims()));
  remote.answer({{.body = published({&next})}});
  expect_invalid(verify(claims(), next), "key_unknown");
  EXPECT_EQ(remote.count(), 1U) << "asked just now";
  clock.advance(base::Seconds{10});
  EXPECT_TRUE(verify(claims(), next));
  EXPECT_EQ(remote.count(), 2U);
  expect_invalid(verify(claims()), "key_unknown");
}

TEST_F(IdTokenTest, UnknownKeysDoNotMakeANuisanceOfUs) {
  EXPECT_TRUE(verify(claims()));
  for (int i = 0; i < 20; ++i) {
    const auto header =
        base::to_base64url(R"({"alg":"RS256","kid":")" + std::to_string(i) + R"("})");
    expect_invalid(verify(sign_compact(signing_key(), header, "{}")), "key_unknown");
  }
  EXPECT_EQ(remote.count(), 1U);
}

TEST_F(IdTokenTest, KeysAreAskedForAgainAfterAWhile) {
  EXPECT_TRUE(verify(claims()));
  clock.advance(base::Seconds{599});
  EXPECT_TRUE(verify(claims()));
  EXPECT_EQ(remote.count(), 1U);
  clock.advance(base::Seconds{1});
  EXPECT_TRUE(verify(claims()));
  EXPECT_EQ(remote.count(), 2U);
}

TEST_F(IdTokenTest, WhatTheRemoteSaidHoldsWhileItIsDown) {
  EXPECT_TRUE(verify(claims()));
  remote.answer({{.status = 503, .body = ""}});
  clock.advance(std::chrono::hours{24} - base::Seconds{11});
  EXPECT_TRUE(verify(claims()));
  EXPECT_EQ(remote.count(), 2U);
  clock.advance(base::Seconds{11});
  const auto identity = verify(claims());
  ASSERT_FALSE(identity) << "for so long only";
  EXPECT_EQ(identity.error().detail, "keys: 503");
}

TEST_F(IdTokenTest, WithoutKeysNothingIsSaidOfTheToken) {
  const std::vector<std::pair<Reply, Kind>> failures{
      {{.status = 404, .body = "{}"}, Kind::refused},
      {{.status = 429, .body = "{}"}, Kind::unreachable},
      {{.status = 500, .body = "{}"}, Kind::unknown},
      {{.status = 302, .body = "{}"}, Kind::unknown},
      {{.body = "not a key set"}, Kind::unknown},
      {{.body = R"({"keys":[{"kty":"RSA","d":"AQAB"}]})"}, Kind::unknown}};
  for (const auto& [reply, kind] : failures) {
    remote.answer({reply});
    clock.advance(base::Seconds{10});
    const auto identity = verify(claims());
    ASSERT_FALSE(identity);
    EXPECT_EQ(identity.error().kind, kind) << identity.error().detail;
    EXPECT_FALSE(identity.error().is("invalid_token"));
  }
  const auto before = remote.count();
  remote.answer({{.body = published({&signing_key()})}});
  EXPECT_FALSE(verify(claims())) << "a failure is remembered for a while";
  EXPECT_EQ(remote.count(), before);
  clock.set(clock.now() - base::Seconds{5});
  EXPECT_TRUE(verify(claims())) << "which a clock that is set back does not lengthen";
}

TEST_F(IdTokenTest, EverybodyWaitsForTheSameKeys) {
  std::atomic<bool> held = true;
  remote.answer_with([&](const Received&) {
    held.wait(true);
    return Reply{.body = published({&signing_key()})};
  });
  const auto payload = claims();
  std::vector<std::future<bool>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::async(std::launch::async, [&] { return verify(payload).has_value(); }));
  }
  while (remote.count() == 0) std::this_thread::yield();
  held = false;
  held.notify_all();
  for (auto& caller : callers) EXPECT_TRUE(caller.get());
  EXPECT_EQ(remote.count(), 1U);
}

}  // namespace
}  // namespace vestibule::remote
