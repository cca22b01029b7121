#include "oauth/request_object.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "jose/signing_key.h"
#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

namespace json = boost::json;

class RequestObjectTest : public OAuthTest {
 protected:
  static const jose::SigningKey& key() {
    static const jose::SigningKey key(jose::Algorithm::es256,
                                      jose::PrivateKey::generate(jose::Algorithm::es256));
    return key;
  }
  static jose::KeySet keys_of(const jose::SigningKey& signer) {
    return jose::KeySet({{signer.kid(), std::nullopt, signer.key().public_key()}});
  }
  std::int64_t seconds(int offset = 0) const {
    return base::to_milliseconds(now()) / 1000 + offset;
  }
  /// A good object's claims with `changes`; null removes.
  json::object claims(const json::object& changes = {}) const {
    json::object all{{"iss", confidential.client_id()},
                     {"aud", test_issuer},
                     {"nbf", seconds()},
                     {"exp", seconds(300)},
                     {"iat", seconds()},
                     {"client_id", confidential.client_id()},
                     {"response_type", "code"},
                     {"state", "inside"},
                     {"scope", "openid"}};
    for (const auto& change : changes) {
      if (change.value().is_null()) {
        all.erase(change.key());
      } else {
        all[change.key()] = change.value();
      }
    }
    return all;
  }
  static std::string sign(const std::string& payload, const std::string& typ = "",
                          const jose::SigningKey& signer = key()) {
    json::object header{{"alg", jose::to_string(signer.algorithm())}, {"kid", signer.kid()}};
    if (!typ.empty()) header["typ"] = typ;
    return jose::sign_compact(signer, base::to_base64url(json::serialize(header)), payload);
  }
  Result<RequestObject> open(const std::string& object) const {
    return open_request_object(confidential, keys_of(key()), object, test_issuer, now());
  }
  /// "ok" or the code.
  std::string outcome(const json::object& changes, const std::string& typ = "") const {
    const auto opened = open(sign(json::serialize(claims(changes)), typ));
    return opened ? "ok" : std::string(opened.error().code);
  }
  Fields combine(const Fields& outer, const json::object& changes, const std::string& typ = "") {
    const auto object = open(sign(json::serialize(claims(changes)), typ)).value();
    const auto combined = combine_request(confidential, Parameters(outer), object);
    return combined ? combined->fields() : Fields{{"error", std::string(combined.error().code)}};
  }
  static std::string find(const Fields& fields, std::string_view name) {
    return Parameters(fields).get(name);
  }
  static constexpr const char* refused = "invalid_request_object";
  static constexpr const char* own_type = "oauth-authz-req+jwt";
};

TEST_F(RequestObjectTest, TheMembersAreTheParameters) {
  const auto opened = open(
      sign(json::serialize(claims({{"max_age", 60},
                                   {"claims", {{"userinfo", {{"name", {{"essential", true}}}}}}},
                                   {"resource", {"https://a.test", "https://b.test"}}}))));
  ASSERT_TRUE(opened);
  const Parameters parameters(opened->fields);
  EXPECT_EQ(parameters.get("state"), "inside");
  EXPECT_EQ(parameters.get("max_age"), "60");
  EXPECT_EQ(parameters.get("claims"), R"({"userinfo":{"name":{"essential":true}}})");
  EXPECT_EQ(parameters.all("resource").size(), 2);
  for (const auto* name : {"iss", "aud", "exp", "nbf", "iat"}) {
    EXPECT_FALSE(parameters.find(name)) << name;
  }
  EXPECT_EQ(peek_request_object(sign("{}")), key().kid());
  EXPECT_EQ(peek_request_object("x"), "");
}

TEST_F(RequestObjectTest, OnlyTheClientsKeysAndAlgorithmsCount) {
  const auto payload = json::serialize(claims());
  const jose::SigningKey foreign(jose::Algorithm::es256,
                                 jose::PrivateKey::generate(jose::Algorithm::es256));
  const auto good = sign(payload);
  EXPECT_TRUE(open(good));
  EXPECT_FALSE(open(sign(payload, "", foreign)));
  for (const std::string& bad :
       {std::string(), std::string("x"), good + "x", good.substr(0, good.size() - 4) + "AAAA",
        base::to_base64url(R"({"alg":"none"})") + "." + base::to_base64url(payload) + ".",
        base::to_base64url(R"({"alg":"HS256"})") + "." + base::to_base64url(payload) + ".AAAA",
        std::string(20000, 'x')}) {
    const auto opened = open(bad);
    ASSERT_FALSE(opened) << bad;
    EXPECT_EQ(opened.error().code, refused);
  }
  confidential.request_object_algorithm = jose::Algorithm::ps256;
  EXPECT_FALSE(open(good));
}

TEST_F(RequestObjectTest, ATypeIsRightOrAbsent) {
  for (const auto* typ : {"", "JWT", own_type, "application/oauth-authz-req+jwt"}) {
    EXPECT_EQ(outcome({}, typ), "ok") << typ;
  }
  for (const auto* typ : {"at+jwt", "dpop+jwt", "x", "logout+jwt"}) {
    EXPECT_EQ(outcome({}, typ), refused) << typ;
  }
}

TEST_F(RequestObjectTest, WhatItSaysOfItselfMustBeTrue) {
  EXPECT_EQ(outcome({{"aud", {"https://other.test", test_issuer}}}), "ok");
  EXPECT_EQ(outcome({{"nbf", seconds(8)}, {"iat", seconds(8)}}), "ok");
  EXPECT_EQ(outcome({{"iss", "other"}}), refused);
  EXPECT_EQ(outcome({{"aud", "https://other.test"}}), refused);
  EXPECT_EQ(outcome({{"client_id", unbound.client_id()}}), refused);
  EXPECT_EQ(outcome({{"exp", seconds(-11)}}), refused);
  EXPECT_EQ(outcome({{"nbf", seconds(11)}}), refused);
  EXPECT_EQ(outcome({{"iat", seconds(11)}}), refused);
  EXPECT_EQ(outcome({{"exp", "soon"}}), refused);
  EXPECT_EQ(outcome({{"sub", confidential.client_id()}}), refused);
  EXPECT_EQ(outcome({{"request", "x"}}), refused);
  EXPECT_EQ(outcome({{"request_uri", "https://a.test/r"}}), refused);
  EXPECT_EQ(outcome({{"state", std::string("a\0b", 3)}}), refused);
  EXPECT_FALSE(open(sign("[]")));
  EXPECT_FALSE(open(sign(R"({"state":"1","state":"2"})")));
}

TEST_F(RequestObjectTest, WhatMayBeLeftOutDependsOnTypeAndClient) {
  const std::initializer_list<std::string_view> names{"iss", "aud", "client_id"};
  const auto without = [](std::string_view name) { return json::object{{name, nullptr}}; };
  for (const auto name : names) {
    EXPECT_EQ(outcome(without(name)), "ok") << name;
    EXPECT_EQ(outcome(without(name), own_type), refused) << name;
  }
  confidential.requires_signed_request_object = true;
  for (const auto name : names) EXPECT_EQ(outcome(without(name)), refused) << name;
  EXPECT_EQ(outcome(without("exp")), "ok");
  EXPECT_EQ(outcome(without("nbf")), "ok");
}

// FAPI 2.0 Message Signing section 5.3.1.
TEST_F(RequestObjectTest, AFapiClientSignsForAnHourAtMost) {
  confidential.profile = Profile::fapi2_message_signing;
  EXPECT_EQ(outcome({}), "ok");
  EXPECT_EQ(outcome({{"nbf", seconds(-3500)}, {"exp", seconds(60)}}), "ok");
  EXPECT_EQ(outcome({{"exp", nullptr}}), refused);
  EXPECT_EQ(outcome({{"nbf", nullptr}}), refused);
  EXPECT_EQ(outcome({{"exp", seconds(3601)}}), refused);
  EXPECT_EQ(outcome({{"nbf", seconds(-3601)}}), refused);
  EXPECT_EQ(outcome({{"nbf", seconds(-3500)}, {"exp", seconds(300)}}), refused);
}

TEST_F(RequestObjectTest, WhatTheObjectSaysWins) {
  const Fields outer = {{"client_id", confidential.client_id()},
                        {"response_type", "code"},
                        {"scope", "openid email"},
                        {"state", "outside"},
                        {"nonce", "outside"},
                        {"request", "x"}};
  const auto merged = combine(outer, {});
  EXPECT_EQ(find(merged, "state"), "inside");
  EXPECT_EQ(find(merged, "scope"), "openid");
  EXPECT_EQ(find(merged, "nonce"), "outside");
  EXPECT_EQ(find(merged, "request"), "");
  EXPECT_EQ(find(combine(outer, {{"response_type", "token"}}), "error"), "invalid_request");
  const auto emptied = combine(outer, {{"state", ""}});
  EXPECT_EQ(Parameters(emptied).all("state"), std::vector<std::string>{"outside"});
  EXPECT_TRUE(Parameters(emptied).check_not_repeated());
}

TEST_F(RequestObjectTest, WhatStandsBesideCountsOnlyIfItCouldStandAlone) {
  const Fields outer = {{"response_type", "code"}, {"scope", "openid"}, {"nonce", "outside"}};
  EXPECT_EQ(find(combine(outer, {}, own_type), "nonce"), "");
  EXPECT_EQ(find(combine({{"scope", "openid"}, {"nonce", "outside"}}, {}), "nonce"), "");
  EXPECT_EQ(find(combine({{"response_type", "code"}, {"nonce", "outside"}}, {}), "nonce"), "");
  confidential.requires_signed_request_object = true;
  EXPECT_EQ(find(combine(outer, {}), "nonce"), "");
  confidential.requires_signed_request_object = false;
  EXPECT_EQ(find(combine(outer, {{"client_id", nullptr}}), "client_id"), confidential.client_id());
}

}  // namespace
}  // namespace vestibule::oauth
