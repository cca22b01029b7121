#include "keys/purpose_keys.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace vestibule::keys {
namespace {

using base::Seconds;
using std::chrono::days;

const base::Time noon = std::chrono::sys_days(days(20'779)) + std::chrono::hours(12);
const base::Time midnight = std::chrono::sys_days(days(20'780));

class PurposeKeysTest : public testing::Test {
 protected:
  PurposeKeys keys_{MasterKey::parse(base::Secret(std::string(43, 'A'))).value()};
};

TEST_F(PurposeKeysTest, OneKeyPerPurposeAndDay) {
  const auto key = keys_.current("cookie", noon);
  EXPECT_EQ(key.id, "512b");
  EXPECT_EQ(key.key.size(), 32U);
  EXPECT_EQ(keys_.current("cookie", midnight - Seconds{1}).key.reveal(), key.key.reveal());
  EXPECT_EQ(keys_.current("cookie", midnight).id, "512c");

  std::set<std::string> all;
  for (const auto* purpose : {"cookie", "ticket", "cookie 512c", "cookie "}) {
    for (int day = 0; day < 20; ++day) {
      all.emplace(keys_.current(purpose, noon + days(day)).key.reveal());
    }
  }
  EXPECT_EQ(all.size(), 80U);
}

TEST_F(PurposeKeysTest, AKeyIsFoundUntilTheLastThingSealedWithItHasEnded) {
  const auto key = keys_.current("cookie", noon);
  const auto found = [&](base::Time now, base::Milliseconds age) {
    const auto secret = keys_.find("cookie", key.id, now, age);
    return secret && secret->reveal() == key.key.reveal();
  };
  EXPECT_TRUE(found(noon, Seconds{1}));
  EXPECT_TRUE(found(midnight + days(30) - base::Milliseconds{1}, days(30)));
  EXPECT_FALSE(found(midnight + days(30), days(30)));
  EXPECT_FALSE(found(midnight, Seconds{0}));
}

TEST_F(PurposeKeysTest, AFutureDayIsFoundFiveMinutesEarlyOnly) {
  const auto id = keys_.current("cookie", midnight).id;
  EXPECT_TRUE(keys_.find("cookie", id, midnight - Seconds{300}, days(1)));
  EXPECT_FALSE(keys_.find("cookie", id, midnight - Seconds{301}, days(1)));
}

TEST_F(PurposeKeysTest, AnEpochHasOtherKeysThanTheOneBefore) {
  const auto before = keys_.current("cookie", noon).key;
  std::set<std::string> all{std::string(before.reveal())};
  for (const auto* epoch : {"first", "second"}) {
    PurposeKeys later{MasterKey::parse(base::Secret(std::string(43, 'A'))).value()};
    later.begin_epoch(epoch);
    const auto key = later.current("cookie", noon);
    all.emplace(key.key.reveal());
    EXPECT_EQ(later.find("cookie", key.id, noon, days(1))->reveal(), key.key.reveal());
  }
  EXPECT_EQ(all.size(), 3U);
}

TEST_F(PurposeKeysTest, OnlyIdsAreFound) {
  for (const auto* id : {"", "512", "512b0", "512B", " 12b", "+12b", "512g", "0512b", "51 b"}) {
    EXPECT_FALSE(keys_.find("cookie", id, noon, days(100'000))) << id;
  }
  EXPECT_TRUE(keys_.find("cookie", "0000", noon, days(100'000)));
}

TEST_F(PurposeKeysTest, IsSafeFromManyThreads) {
  std::vector<std::thread> threads;
  std::vector<std::string> seen(8);
  threads.reserve(seen.size());
  for (auto& out : seen) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) {
        out = keys_.current("cookie", noon + days(i % 10)).key.reveal();
        keys_.find("ticket", "512b", noon, days(1));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& one : seen) EXPECT_EQ(one, seen.front());
}

}  // namespace
}  // namespace vestibule::keys
