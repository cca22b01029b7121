#include "oauth/pushed_request.h"

#include "oauth/test_support.h"

namespace vestibule::oauth {
namespace {

class PushedRequestTest : public OAuthTest {
 protected:
  static constexpr base::Milliseconds sign_in_time = std::chrono::hours(1);

  std::string push(const AuthorizationRequest& request) {
    return write([&](store::Transaction& tx) {
      return keep_pushed_request(tx, confidential, request, random, sign_in_time, now());
    });
  }
  std::string push() { return push({Parameters({{"state", "s"}})}); }
  Result<AuthorizationRequest> begin(const std::string& uri, const Client& client) {
    return read([&](store::Transaction& tx) {
      return begin_pushed_request(tx, uri, client.client_id(), now());
    });
  }
  Result<AuthorizationRequest> resume(const std::string& uri) {
    return read([&](store::Transaction& tx) { return resume_pushed_request(tx, uri, now()); });
  }
  bool consume(const std::string& uri) {
    return write([&](store::Transaction& tx) { return consume_pushed_request(tx, uri); })
        .has_value();
  }
  template <class T>
  static std::string code_of(const Result<T>& result) {
    return result ? "ok" : std::string(result.error().code);
  }
};

TEST_F(PushedRequestTest, ComesBackAsItWasPushed) {
  const Fields fields = {{"state", "\"ü\\"}, {"resource", "a"}, {"resource", "b"}};
  for (const bool signed_object : {false, true}) {
    const auto uri = push({Parameters(fields), {.signed_object = signed_object}});
    EXPECT_TRUE(uri.starts_with(pushed_request_prefix));
    EXPECT_EQ(uri.size(), pushed_request_prefix.size() + 43);
    const auto request = begin(uri, confidential);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->parameters.fields(), fields);
    EXPECT_EQ(request->arrival, (Arrival{.pushed = true, .signed_object = signed_object}));
  }
}

TEST_F(PushedRequestTest, IsForItsClientAndForAMinute) {
  const auto uri = push();
  EXPECT_EQ(code_of(begin(uri, unbound)), "invalid_request_uri");
  EXPECT_EQ(code_of(begin(uri + "x", confidential)), "invalid_request_uri");
  clock.advance(pushed_request_lifetime - base::Milliseconds{1});
  EXPECT_EQ(code_of(begin(uri, confidential)), "ok");
  clock.advance(base::Milliseconds{1});
  EXPECT_EQ(code_of(begin(uri, confidential)), "invalid_request_uri");
  // Whoever has begun may take longer.
  EXPECT_EQ(code_of(resume(uri)), "ok");
  clock.advance(sign_in_time);
  EXPECT_EQ(code_of(resume(uri)), "invalid_request_uri");
}

TEST_F(PushedRequestTest, IsUsedOnce) {
  const auto uri = push();
  EXPECT_TRUE(consume(uri));
  EXPECT_FALSE(consume(uri));
  EXPECT_EQ(code_of(begin(uri, confidential)), "invalid_request_uri");
  EXPECT_EQ(code_of(resume(uri)), "invalid_request_uri");
}

TEST_F(PushedRequestTest, WhatAuthenticatesTheClientIsNotKept) {
  const auto id = confidential.client_id();
  const auto read = read_pushed_parameters(Parameters({{"client_secret", "s"},
                                                       {"scope", "openid"},
                                                       {"client_id", id},
                                                       {"client_assertion", "a"},
                                                       {"client_assertion_type", "t"}}),
                                           confidential);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->fields(), (Fields{{"client_id", id}, {"scope", "openid"}}));
  EXPECT_EQ(read_pushed_parameters(Parameters({{"scope", "openid"}}), confidential)->fields(),
            read->fields());
  for (const Fields& wrong : {Fields{{"request_uri", "urn:x"}}, Fields{{"client_id", "1"}}}) {
    EXPECT_EQ(code_of(read_pushed_parameters(Parameters(wrong), confidential)), "invalid_request");
  }
}

}  // namespace
}  // namespace vestibule::oauth
