#include "cli/moment.h"

#include <gtest/gtest.h>

namespace vestibule::cli {
namespace {

using namespace std::chrono_literals;

std::string spelled(std::string_view text) {
  const auto now = base::from_milliseconds(1'795'359'600'000);  // 2026-11-22T15:00:00Z
  const auto moment = parse_moment(text, now);
  return moment ? base::to_rfc3339(*moment) : "";
}

TEST(Moment, is_some_time_ago_or_a_day_or_rfc_3339) {
  EXPECT_EQ(spelled("0s"), "2026-11-22T15:00:00.000Z");
  EXPECT_EQ(spelled("2h"), "2026-11-22T13:00:00.000Z");
  EXPECT_EQ(spelled("3d"), "2026-11-19T15:00:00.000Z");
  EXPECT_EQ(spelled("2026-02-28"), "2026-02-28T00:00:00.000Z");
  EXPECT_EQ(spelled("2028-02-29T23:59:59Z"), "2028-02-29T23:59:59.000Z");
  EXPECT_EQ(spelled("2026-11-22T15:02:34.503Z"), "2026-11-22T15:02:34.503Z");
  EXPECT_EQ(spelled("2026-11-22T15:02:34.5Z"), "2026-11-22T15:02:34.500Z");
}

TEST(Moment, is_nothing_else) {
  for (const auto* const wrong : {"",
                                  "yesterday",
                                  "-2h",
                                  "2026-11",
                                  "2026-13-01",
                                  "2026-00-01",
                                  "2026-02-30",
                                  "2026-11-22T",
                                  "2026-11-22Z",
                                  "2026-11-22T15:02Z",
                                  "2026-11-22T15:02:34",
                                  "2026-11-22T24:00:00Z",
                                  "2026-11-22T15:60:00Z",
                                  "2026-11-22T15:02:60Z",
                                  "2026-11-22T15:02:34.Z",
                                  "2026-11-22T15:02:34.5034Z",
                                  "2026-11-22T15:02:34+01:00",
                                  "2026-11-22 15:02:34Z",
                                  "2026-11-22T15:02:34ZZ",
                                  " 2026-11-22",
                                  "+026-11-22"}) {
    EXPECT_EQ(spelled(wrong), "") << wrong;
  }
}

}  // namespace
}  // namespace vestibule::cli
