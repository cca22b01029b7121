#include "keys/sealer.h"

#include <gtest/gtest.h>

namespace vestibule::keys {
namespace {

using std::chrono::days;

const base::Time noon = std::chrono::sys_days(days(20'779)) + std::chrono::hours(12);

class SealerTest : public testing::Test {
 protected:
  std::optional<std::string> open(std::string_view value, base::Time now = noon) const {
    return sealer_.open("cookie", "origin", value, now, days(30));
  }

  base::SystemRandom random_;
  PurposeKeys keys_{MasterKey::parse(base::Secret(std::string(43, 'A'))).value()};
  PurposeKeys foreign_{MasterKey::parse(base::Secret(std::string(42, 'B') + "A")).value()};
  Sealer sealer_{keys_, random_};
};

TEST_F(SealerTest, OpensWhatItSealedUntilItsKeyIsRetired) {
  for (const auto& plain : {std::string(), std::string("x"), std::string(3000, 'y')}) {
    const auto value = sealer_.seal("cookie", "origin", plain, noon);
    EXPECT_EQ(open(value), plain);
    EXPECT_EQ(open(value, noon + days(30)), plain);
    EXPECT_EQ(open(value, noon + days(31)), std::nullopt);
  }
  EXPECT_NE(sealer_.seal("cookie", "origin", "x", noon),
            sealer_.seal("cookie", "origin", "x", noon));
}

TEST_F(SealerTest, OpensNothingElse) {
  const auto value = sealer_.seal("cookie", "origin", "plain", noon);
  EXPECT_FALSE(sealer_.open("ticket", "origin", value, noon, days(30)));
  EXPECT_FALSE(sealer_.open("cookie", "other", value, noon, days(30)));
  EXPECT_FALSE(Sealer(foreign_, random_).open("cookie", "origin", value, noon, days(30)));
  EXPECT_FALSE(open(""));
  EXPECT_FALSE(open("AAA"));
  EXPECT_FALSE(open(value + "="));
}

TEST_F(SealerTest, AnEditOrTruncationOfEachCharacterIsRefused) {
  const auto value = sealer_.seal("cookie", "origin", "plain text", noon);
  const auto other = sealer_.seal("cookie", "origin", "other text", noon + days(1));
  for (std::size_t i = 0; i < value.size(); ++i) {
    for (const char c : {'A', 'B', '_', '=', '\0'}) {
      if (value[i] == c) continue;
      auto edited = value;
      edited[i] = c;
      ASSERT_FALSE(open(edited)) << i;
    }
    ASSERT_FALSE(open(value.substr(0, i))) << i;
    ASSERT_FALSE(open(value.substr(i + 1))) << i;
    const auto mixed = value.substr(0, i) + other.substr(i);
    if (mixed != value && mixed != other) {
      ASSERT_FALSE(open(mixed)) << i;
    }
  }
}

}  // namespace
}  // namespace vestibule::keys
