#include "oauth/confirmation_check.h"

#include <gtest/gtest.h>

namespace vestibule::oauth {
namespace {

TEST(ConfirmationCheck, ABoundTokenNeedsExactlyItsKey) {
  const HeldKeys nothing;
  const HeldKeys proof{.jkt = "k"};
  const HeldKeys certificate{.x5t_s256 = "k"};
  EXPECT_TRUE(satisfies({}, nothing));
  EXPECT_TRUE(satisfies({}, proof));
  EXPECT_TRUE(satisfies({.jkt = "k"}, proof));
  EXPECT_TRUE(satisfies({.x5t_s256 = "k"}, certificate));
  EXPECT_FALSE(satisfies({.jkt = "k"}, nothing));
  EXPECT_FALSE(satisfies({.jkt = "k"}, certificate));
  EXPECT_FALSE(satisfies({.jkt = "other"}, proof));
  EXPECT_FALSE(satisfies({.x5t_s256 = "k"}, nothing));
  EXPECT_FALSE(satisfies({.x5t_s256 = "k"}, proof));
  EXPECT_FALSE(satisfies({.x5t_s256 = "other"}, certificate));
  EXPECT_FALSE(satisfies({.jkt = "k", .x5t_s256 = "k"}, proof));
}

}  // namespace
}  // namespace vestibule::oauth
