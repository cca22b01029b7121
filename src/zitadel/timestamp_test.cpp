#include "zitadel/timestamp.h"

#include <gtest/gtest.h>

#include <string>

namespace vestibule::zitadel {
namespace {

std::int64_t milliseconds(std::string_view text) {
  return base::to_milliseconds(parse_timestamp(text).value());
}

TEST(Timestamp, IsReadAsProtobufWritesIt) {
  EXPECT_EQ(milliseconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(milliseconds("2099-01-01T00:00:00Z"), 4'070'908'800'000);
  EXPECT_EQ(milliseconds("2024-02-29T23:59:59.123456789Z"), 1'709'251'199'123);
  EXPECT_EQ(milliseconds("1970-01-01T00:00:00.5Z"), 500);
  EXPECT_EQ(milliseconds("1970-01-01T01:00:00+01:00"), 0);
  EXPECT_EQ(milliseconds("1969-12-31T23:30:00.25-00:30"), 250);
  EXPECT_EQ(milliseconds("0001-01-01T00:00:00Z"), -62'135'596'800'000);
}

TEST(Timestamp, AnythingElseIsNone) {
  for (const std::string text : {"",
                                 "Z",
                                 "soon",
                                 "2099-01-01",
                                 "2099-01-01T00:00:00",
                                 "2099-01-01T00:00Z",
                                 "2099-01-01t00:00:00Z",
                                 "2099-01-01 00:00:00Z",
                                 "2099-01-01T00:00:00z",
                                 "2099-13-01T00:00:00Z",
                                 "2099-02-29T00:00:00Z",
                                 "2099-00-10T00:00:00Z",
                                 "0000-01-01T00:00:00Z",
                                 "2099-01-01T24:00:00Z",
                                 "2099-01-01T00:60:00Z",
                                 "2099-01-01T00:00:60Z",
                                 "2099-01-01T00:00:00.Z",
                                 "2099-01-01T00:00:00.1234567890Z",
                                 "2099-01-01T00:00:00+1:00",
                                 "2099-01-01T00:00:00+0100",
                                 "2099-01-01T00:00:00+24:00",
                                 "2099-01-01T00:00:00+00:60",
                                 "2099-01-01T00:00:00ZZ",
                                 "2099-01-01T00:00:00.+01:00",
                                 "-099-01-01T00:00:00Z",
                                 "20990101T000000Z",
                                 " 2099-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

}  // namespace
}  // namespace vestibule::zitadel
