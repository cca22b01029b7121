#include "sessions/codes.h"

#include <gtest/gtest.h>

#include "sessions/refresh.h"
#include "sessions/testing.h"

namespace vestibule::sessions {
namespace {

using std::chrono::seconds;

class CodesTest : public testing::Test, public TestWorld {
 protected:
  Code grant() {
    return {.client = {3},
            .user = {4},
            .session = new_id(),
            .redirect_uri = "https://shop.example/callback",
            .scope = "openid",
            .nonce = "n",
            .code_challenge = "c",
            .auth_time = now() - seconds(3),
            .amr = "pwd",
            .created_at = now(),
            .expires_at = now() + seconds(60)};
  }
  void add(std::string_view code, const Code& code_grant) {
    write([&](store::Transaction& tx) { insert_code(tx, code, code_grant); });
  }
  CodeResult consume(std::string_view code, const base::Uuid& family) {
    return write([&](store::Transaction& tx) { return consume_code(tx, code, family, now()); });
  }
  base::Uuid new_family() { return base::Uuid::make(now(), random); }
};

TEST_F(CodesTest, IsRedeemedOnceWithEveryField) {
  const auto stored = grant();
  add("one", stored);
  const auto result = consume("one", new_family());
  EXPECT_EQ(result.outcome, CodeOutcome::redeemed);
  ASSERT_TRUE(result.grant);
  EXPECT_EQ(result.grant->client, stored.client);
  EXPECT_EQ(result.grant->user, stored.user);
  EXPECT_EQ(result.grant->session, stored.session);
  EXPECT_EQ(result.grant->redirect_uri, stored.redirect_uri);
  EXPECT_EQ(result.grant->scope, stored.scope);
  EXPECT_EQ(result.grant->nonce, stored.nonce);
  EXPECT_EQ(result.grant->code_challenge, stored.code_challenge);
  EXPECT_EQ(result.grant->auth_time, stored.auth_time);
  EXPECT_EQ(result.grant->amr, stored.amr);
  EXPECT_EQ(result.grant->expires_at, stored.expires_at);
}

TEST_F(CodesTest, AReplayRevokesWhatTheFirstRedemptionIssued) {
  add("one", grant());
  const auto family = new_family();
  EXPECT_EQ(consume("one", family).outcome, CodeOutcome::redeemed);
  write([&](store::Transaction& tx) {
    insert_family(tx, {.id = family,
                       .client = {3},
                       .user = {4},
                       .scope = "openid",
                       .rotated_at = now(),
                       .created_at = now(),
                       .expires_at = now() + std::chrono::hours(1)});
  });
  pass(seconds(3600 / 2));  // also long after the code has expired
  const auto replay = consume("one", new_family());
  EXPECT_EQ(replay.outcome, CodeOutcome::replayed);
  EXPECT_FALSE(replay.grant);
  write([&](store::Transaction& tx) { EXPECT_FALSE(find_family(tx, family, now())); });
  EXPECT_EQ(consume("one", new_family()).outcome, CodeOutcome::replayed);
}

TEST_F(CodesTest, UnknownExpiredAndErasedGiveNothing) {
  EXPECT_EQ(consume("never", new_family()).outcome, CodeOutcome::unknown);
  const auto stored = grant();
  add("late", stored);
  add("erased", stored);
  write([&](store::Transaction& tx) {
    erase_codes(tx, stored.user, new_id());
    erase_codes(tx, {99});
  });
  pass(seconds(59));
  write([&](store::Transaction& tx) {
    EXPECT_EQ(consume_code(tx, "erased", new_family(), now()).outcome, CodeOutcome::redeemed);
  });
  pass(seconds(1));
  EXPECT_EQ(consume("late", new_family()).outcome, CodeOutcome::unknown);
  write([&](store::Transaction& tx) { erase_codes(tx, stored.user); });
  EXPECT_EQ(consume("erased", new_family()).outcome, CodeOutcome::unknown);
}

TEST_F(CodesTest, OldCodesAreForgottenAfterADay) {
  add("one", grant());
  consume("one", new_family());
  const auto run = [&] {
    return write([&](store::Transaction& tx) { return delete_expired_codes(tx, now(), 10); });
  };
  pass(code_memory);
  EXPECT_EQ(run(), 0);
  pass(seconds(60));
  EXPECT_EQ(run(), 1);
}

TEST_F(CodesTest, RevokedTokensAreRememberedUntilTheyExpire) {
  write([&](store::Transaction& tx) {
    revoke_token(tx, "jti", now() + seconds(60));
    revoke_token(tx, "jti", now() + seconds(60));
    EXPECT_TRUE(is_token_revoked(tx, "jti"));
    EXPECT_FALSE(is_token_revoked(tx, "other"));
    EXPECT_EQ(delete_expired_revocations(tx, now(), 10), 0);
    EXPECT_EQ(delete_expired_revocations(tx, now() + seconds(60), 10), 1);
    EXPECT_FALSE(is_token_revoked(tx, "jti"));
  });
}

}  // namespace
}  // namespace vestibule::sessions
