#include "sessions/refresh.h"

#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/encoding.h"
#include "sessions/testing.h"

namespace vestibule::sessions {
namespace {

using std::chrono::hours;

class RefreshTest : public testing::Test, public TestWorld {
 protected:
  base::Secret key{std::string(32, 'k')};

  RefreshFamily add_family() {
    const RefreshFamily family{.id = base::Uuid::make(now(), random),
                               .client = {3},
                               .user = {4},
                               .session = new_id(),
                               .scope = "openid offline_access",
                               .audience = "https://shop.example",
                               .rotated_at = now(),
                               .auth_time = now(),
                               .amr = "pwd",
                               .actor = base::UserId{5},
                               .created_at = now(),
                               .expires_at = now() + hours(24)};
    write([&](store::Transaction& tx) { insert_family(tx, family); });
    return family;
  }
  FamilyRotation turn(const base::Uuid& family, std::uint32_t generation) {
    return write(
        [&](store::Transaction& tx) { return rotate_family(tx, {family, generation}, now()); });
  }
};

TEST_F(RefreshTest, TextLeadsBackToTheHandle) {
  const auto id = base::Uuid::make(now(), random);
  const auto text = refresh_token_text(key, id, 0x01020304U);
  EXPECT_EQ(text.size(), 70U);
  const auto handle = parse_refresh_token(key, text.reveal());
  ASSERT_TRUE(handle);
  EXPECT_EQ(handle->family, id);
  EXPECT_EQ(handle->generation, 0x01020304U);
}

TEST_F(RefreshTest, EveryEditOfTheTextIsRefused) {
  const auto id = base::Uuid::make(now(), random);
  const auto text = std::string(refresh_token_text(key, id, 1).reveal());
  const auto other = std::string(refresh_token_text(key, id, 2).reveal());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto edited = text;
    edited[i] = edited[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(parse_refresh_token(key, edited)) << "character " << i;
    EXPECT_FALSE(parse_refresh_token(key, text.substr(0, i))) << "cut at " << i;
  }
  for (std::size_t cut = 27; cut < text.size(); ++cut) {
    const auto mixed = text.substr(0, cut) + other.substr(cut);
    if (mixed != text && mixed != other) {
      EXPECT_FALSE(parse_refresh_token(key, mixed)) << "mixed at " << cut;
    }
  }
  EXPECT_FALSE(parse_refresh_token(key, text + "A"));
  EXPECT_FALSE(parse_refresh_token(key, text + "=="));
  EXPECT_FALSE(parse_refresh_token(base::Secret(std::string(32, 'x')), text));
  EXPECT_FALSE(parse_refresh_token(key, ""));
}

TEST_F(RefreshTest, KeepsEveryField) {
  const auto family = add_family();
  const auto found =
      store->read([&](store::Transaction& tx) { return find_family(tx, family.id, now()); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->client, family.client);
  EXPECT_EQ(found->user, family.user);
  EXPECT_EQ(found->session, family.session);
  EXPECT_EQ(found->scope, family.scope);
  EXPECT_EQ(found->audience, family.audience);
  EXPECT_EQ(found->generation, 1U);
  EXPECT_EQ(found->auth_time, family.auth_time);
  EXPECT_EQ(found->amr, family.amr);
  EXPECT_EQ(found->actor, family.actor);
  EXPECT_EQ(found->expires_at, family.expires_at);
}

TEST_F(RefreshTest, RotatesOnceAndDetectsReuse) {
  const auto family = add_family();
  EXPECT_EQ(turn(family.id, 1).outcome, Rotation::rotated);
  const auto again = turn(family.id, 1);
  EXPECT_EQ(again.outcome, Rotation::successor);
  EXPECT_EQ(again.family->generation, 2U);
  pass(rotation_grace);
  EXPECT_EQ(turn(family.id, 1).outcome, Rotation::reused);
  EXPECT_EQ(turn(family.id, 2).outcome, Rotation::unknown) << "the family is revoked";
}

TEST_F(RefreshTest, ExpiryIsThatOfTheGrant) {
  const auto family = add_family();
  pass(hours(23));
  EXPECT_EQ(turn(family.id, 1).family->expires_at, family.expires_at);
  pass(hours(1));
  EXPECT_EQ(turn(family.id, 2).outcome, Rotation::unknown);
}

TEST_F(RefreshTest, RevokedIsUnknown) {
  const auto family = add_family();
  write([&](store::Transaction& tx) { revoke_family(tx, family.id); });
  EXPECT_EQ(turn(family.id, 1).outcome, Rotation::unknown);
}

}  // namespace
}  // namespace vestibule::sessions
