#include "events/refused_attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "events/audit_list.h"
#include "store/testing.h"

namespace vestibule::events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::chrono_literals;

class RefusedAttemptsTest : public testing::Test {
 protected:
  void note(std::int64_t user, int times = 1) {
    for (int i = 0; i < times; ++i) {
      attempts.note(base::UserId{user}, "wrong_password", "192.0.2.1", clock.now());
    }
  }
  /// The lines that are written now, as `USER DETAIL`.
  std::vector<std::string> write(RefusedAttempts::Which which = RefusedAttempts::Which::due) {
    attempts.write(*store, clock.now(), which);
    std::vector<std::string> out;
    for (const auto& line :
         store->read([](store::Transaction& tx) { return list_audit(tx, {.limit = 10'000}); })) {
      if (line.id <= seen) continue;
      seen = line.id;
      EXPECT_EQ(line.type, "user.signed_in");
      EXPECT_EQ(line.outcome, "wrong_password");
      EXPECT_EQ(line.address.text, "192.0.2.1");
      out.push_back(base::to_string(line.user) + ' ' + line.detail.text.value_or("1"));
    }
    return out;
  }

  std::unique_ptr<store::Store> store = store::open_temporary();
  base::FakeClock clock;
  RefusedAttempts attempts;
  std::int64_t seen = 0;
};

TEST_F(RefusedAttemptsTest, tells_the_first_at_once_and_the_rest_of_its_minute_together) {
  note(1);
  EXPECT_THAT(write(), ElementsAre("1 1"));
  note(1, 40);
  EXPECT_THAT(write(), IsEmpty());
  clock.advance(1min);
  EXPECT_THAT(write(), ElementsAre("1 40 attempts"));
  EXPECT_THAT(write(), IsEmpty());
  note(1);
  EXPECT_THAT(write(), ElementsAre("1 1"));
}

TEST_F(RefusedAttemptsTest, a_quiet_minute_ends_without_a_line) {
  note(1);
  write();
  clock.advance(2min);
  EXPECT_THAT(write(), IsEmpty());
}

TEST_F(RefusedAttemptsTest, nobody_and_those_beyond_the_bound_are_told_together) {
  for (std::int64_t user = 0; user < 1000; ++user) note(user);
  const auto lines = write();
  EXPECT_EQ(lines.size(), RefusedAttempts::most_users);
  EXPECT_EQ(lines.front(), "0 801 attempts");
}

TEST_F(RefusedAttemptsTest, at_the_end_all_is_told) {
  note(1);
  write();
  note(1, 2);
  EXPECT_THAT(write(RefusedAttempts::Which::all), ElementsAre("1 2 attempts"));
}

TEST_F(RefusedAttemptsTest, a_clock_that_went_back_holds_nothing_up) {
  note(1);
  write();
  note(1);
  clock.advance(-1h);
  EXPECT_THAT(write(), ElementsAre("1 1"));
}

}  // namespace
}  // namespace vestibule::events
