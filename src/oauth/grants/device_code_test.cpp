#include "oauth/grants/device_code.h"

#include <set>

#include "base/text.h"
#include "oauth/device_authorization.h"
#include "oauth/liveness.h"
#include "oauth/test_support.h"
#include "sessions/device_codes.h"

namespace vestibule::oauth {
namespace {

class DeviceCodeTest : public OAuthTest {
 protected:
  DeviceCodeTest() {
    confidential.grant_types.emplace_back(grant_device_code);
    public_client.grant_types.emplace_back(grant_device_code);
    write([&](store::Transaction& tx) {
      update_client(tx, confidential, now());
      update_client(tx, public_client, now());
    });
  }

  Result<DeviceAuthorization> begin(const Client& client,
                                    std::string_view scope = "openid offline_access") {
    return write([&](store::Transaction& tx) {
      return begin_device_authorization(tx, context(), authenticated(tx, client),
                                        Scope::parse(scope), now());
    });
  }
  std::string key(const DeviceAuthorization& begun) {
    return UserCode::parse(begun.user_code)->key(refresh_key);
  }
  bool decide(const DeviceAuthorization& begun, sessions::DeviceState state) {
    return write([&](store::Transaction& tx) {
      return sessions::decide_device(
          tx, key(begun), {.state = state, .user = account.id, .auth_time = now(), .amr = "pwd"},
          now());
    });
  }
  Result<TokenResponse> poll(const base::Secret& code, const Client& client) {
    auto settled = write([&](store::Transaction& tx) {
      return grant_by_device_code(tx, context(), authenticated(tx, client), {code}, now());
    });
    if (!settled.verdict) return std::unexpected(std::move(settled.verdict.error()));
    return sign(issuer, std::move(*settled.verdict));
  }
  std::string outcome(const DeviceAuthorization& begun) {
    const auto answer = poll(begun.device_code, confidential);
    return answer ? "tokens" : std::string(answer.error().code);
  }
};

TEST_F(DeviceCodeTest, ADeviceWaitsUntilSomebodyAllowsItAndIsSignedInOnce) {
  const auto begun = begin(confidential).value();
  EXPECT_EQ(outcome(begun), "authorization_pending");
  clock.advance(begun.interval);
  EXPECT_EQ(outcome(begun), "authorization_pending");
  ASSERT_TRUE(decide(begun, sessions::DeviceState::approved));
  const auto answer = poll(begun.device_code, confidential);
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->id_token, "");
  EXPECT_FALSE(answer->refresh_token.empty());
  const auto token = issuer.parse(answer->access_token, now()).value();
  EXPECT_EQ(token.subject, account.subject());
  EXPECT_EQ(token.session, std::nullopt);
  EXPECT_EQ(token.acr, "1");
  EXPECT_TRUE(
      read([&](store::Transaction& tx) { return check_token(tx, sessions, token, now()); }));
  EXPECT_EQ(outcome(begun), "invalid_grant");
}

TEST_F(DeviceCodeTest, ADeviceThatAsksTooOftenHasToWaitLongerEachTime) {
  const auto begun = begin(confidential).value();
  EXPECT_EQ(outcome(begun), "authorization_pending");
  clock.advance(base::Seconds{4});
  EXPECT_EQ(outcome(begun), "slow_down");
  clock.advance(base::Seconds{9});
  EXPECT_EQ(outcome(begun), "slow_down");
  clock.advance(base::Seconds{14});
  EXPECT_EQ(outcome(begun), "slow_down");
  clock.advance(base::Seconds{20});
  EXPECT_EQ(outcome(begun), "authorization_pending");
}

TEST_F(DeviceCodeTest, ARefusalIsFinal) {
  const auto begun = begin(confidential).value();
  ASSERT_TRUE(decide(begun, sessions::DeviceState::denied));
  EXPECT_FALSE(decide(begun, sessions::DeviceState::approved));
  EXPECT_EQ(outcome(begun), "access_denied");
  EXPECT_EQ(outcome(begun), "access_denied");
}

TEST_F(DeviceCodeTest, AnExpiredCodeIsToldApartUntilItIsForgotten) {
  const auto begun = begin(confidential).value();
  clock.advance(begun.expires_in);
  EXPECT_FALSE(decide(begun, sessions::DeviceState::approved));
  EXPECT_EQ(outcome(begun), "expired_token");
  clock.advance(sessions::device_code_memory);
  write([&](store::Transaction& tx) { sessions.delete_expired(tx, now(), 100); });
  EXPECT_EQ(outcome(begun), "invalid_grant");
}

TEST_F(DeviceCodeTest, AnApprovalExpiresWithItsCode) {
  const auto begun = begin(confidential).value();
  ASSERT_TRUE(decide(begun, sessions::DeviceState::approved));
  clock.advance(begun.expires_in);
  EXPECT_EQ(outcome(begun), "expired_token");
}

TEST_F(DeviceCodeTest, AChangeOfStandingEndsWhatWasApproved) {
  const auto before = begin(confidential).value();
  ASSERT_TRUE(decide(before, sessions::DeviceState::approved));
  clock.advance(base::Seconds{1});
  write(
      [&](store::Transaction& tx) { accounts::change_standing(tx, sessions, account.id, now()); });
  EXPECT_EQ(outcome(before), "invalid_grant");

  const auto locked = begin(confidential).value();
  ASSERT_TRUE(decide(locked, sessions::DeviceState::approved));
  set_state(account, accounts::UserState::locked);
  EXPECT_EQ(outcome(locked), "invalid_grant");
}

TEST_F(DeviceCodeTest, ACodeIsItsClientsAlone) {
  const auto begun = begin(confidential).value();
  ASSERT_TRUE(decide(begun, sessions::DeviceState::approved));
  EXPECT_EQ(poll(begun.device_code, public_client).error().code, "invalid_grant");
  EXPECT_EQ(poll(base::Secret("guess"), confidential).error().code, "invalid_grant");
  EXPECT_EQ(outcome(begun), "tokens");
}

TEST_F(DeviceCodeTest, OnlyRegisteredClientsAndKnownScopesBegin) {
  EXPECT_EQ(begin(unbound).error().code, "unauthorized_client");
  EXPECT_EQ(begin(confidential, "").error().code, "invalid_request");
  EXPECT_EQ(begin(confidential, "shoes").error().code, "invalid_scope");
  EXPECT_EQ(poll(base::Secret("x"), unbound).error().code, "unauthorized_client");
}

TEST_F(DeviceCodeTest, NeitherCodeIsInTheStore) {
  static const store::Statement stored{"test.device_codes",
                                       "select code_hash, user_code_key from device_codes"};
  const auto begun = begin(confidential).value();
  read([&](store::Transaction& tx) {
    auto rows = tx.query(stored);
    ASSERT_TRUE(rows.next());
    EXPECT_NE(rows.blob(0), begun.device_code.reveal());
    EXPECT_EQ(rows.blob(1), key(begun));
    EXPECT_NE(rows.blob(1), base::sha256(begun.user_code));
  });
}

TEST(UserCode, IsReadHoweverItIsTyped) {
  base::SystemRandom random;
  const auto code = UserCode::make(random);
  EXPECT_EQ(code.text().size(), 9U);
  EXPECT_EQ(code.text()[4], '-');
  const base::Secret key("k");
  for (const auto& typed : {code.text(), base::to_lower_ascii(code.text()), " " + code.text()}) {
    ASSERT_TRUE(UserCode::parse(typed)) << typed;
    EXPECT_EQ(UserCode::parse(typed)->key(key), code.key(key));
  }
  EXPECT_NE(code.key(key), code.key(base::Secret("other")));
  for (const auto* bad : {"", "BCDF", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJA", "BCDF_GHJK",
                          "12345678", "BCDFGHJ\xc3\x9f"}) {
    EXPECT_FALSE(UserCode::parse(bad)) << bad;
  }
}

TEST(UserCode, DrawsEveryLetter) {
  base::SystemRandom random;
  std::set<char> seen;
  for (int i = 0; i < 200; ++i) {
    for (const char c : UserCode::make(random).text()) seen.insert(c);
  }
  EXPECT_EQ(seen.size(), 21U);  // and the dash
}

}  // namespace
}  // namespace vestibule::oauth
