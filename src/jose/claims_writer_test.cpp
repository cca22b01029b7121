#include "jose/claims_writer.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <limits>
#include <stdexcept>
#include <vector>

#include "base/random.h"
#include "base/text.h"

namespace vestibule::jose {
namespace {

namespace json = boost::json;

std::string written(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}
std::string read_back(std::string_view text) {
  return std::string(json::parse(written(text)).as_string());
}

TEST(ClaimsWriter, EveryCharacterSurvives) {
  for (int c = 0; c < 128; ++c) {
    const std::string text = std::string("a") + static_cast<char>(c) + "b";
    EXPECT_EQ(read_back(text), text) << c;
  }
  for (const std::string text : {"", "Zoë", "日本語", "😀", "\xed\x9f\xbf", "\xee\x80\x80",
                                 "\xf4\x8f\xbf\xbf", "\xe2\x80\xa8", "\xc2\x80"}) {
    EXPECT_EQ(read_back(text), text);
  }
}

TEST(ClaimsWriter, IllFormedUtf8BecomesTheReplacementCharacter) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(read_back("\xff"), r);
  EXPECT_EQ(read_back("a\xc3"), "a" + r);
  EXPECT_EQ(read_back("\xc0\xaf"), r + r) << "overlong";
  EXPECT_EQ(read_back("\xed\xa0\x80"), r + r + r) << "surrogate";
  EXPECT_EQ(read_back("\xf4\x90\x80\x80"), r + r + r + r) << "above U+10FFFF";
  EXPECT_EQ(read_back("\xe2\x82z"), r + r + "z");
}

TEST(ClaimsWriter, RandomBytesAlwaysGiveValidJson) {
  base::FakeRandom random(7);
  for (int i = 0; i < 5000; ++i) {
    const auto text = base::random_bytes(random, static_cast<std::size_t>(i % 40));
    const auto back = read_back(text);
    ASSERT_TRUE(base::count_code_points(back)) << i;
    if (base::count_code_points(text)) {
      ASSERT_EQ(back, text) << i;
    }
  }
}

TEST(ClaimsWriter, WritesWhatBoostJsonWouldWrite) {
  ClaimsWriter writer;
  writer.text("iss", "https://a/\"b\"")
      .text_if("nonce", "")
      .integer("min", std::numeric_limits<std::int64_t>::min())
      .time("exp", base::from_milliseconds(1'795'359'600'999))
      .boolean("email_verified", true)
      .strings("aud", std::vector<std::string>{"shop", "a\nb"})
      .strings("none", {})
      .begin_object("act")
      .text("sub", "svc")
      .begin_object("act")
      .text("sub", "old")
      .end_object()
      .end_object()
      .begin_object("empty")
      .end_object()
      .raw("address", R"({"country":"DK"})");
  const auto text = std::move(writer).finish();
  EXPECT_EQ(json::serialize(json::parse(text)), text);
  EXPECT_EQ(text,
            R"({"iss":"https://a/\"b\"","min":-9223372036854775808,"exp":1795359600,)"
            R"("email_verified":true,"aud":["shop","a\nb"],"none":[],)"
            R"("act":{"sub":"svc","act":{"sub":"old"}},"empty":{},"address":{"country":"DK"}})");
}

TEST(ClaimsWriter, EmptyObject) {
  EXPECT_EQ(ClaimsWriter().finish(), "{}");
}

TEST(ClaimsWriter, UnbalancedObjectsAreBugs) {
  ClaimsWriter open;
  open.begin_object("act");
  EXPECT_THROW(std::move(open).finish(), std::logic_error);
  ClaimsWriter closed;
  EXPECT_THROW(closed.end_object(), std::logic_error);
}

}  // namespace
}  // namespace vestibule::jose
