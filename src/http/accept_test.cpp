#include "http/accept.h"

#include <gtest/gtest.h>

namespace vestibule::http {
namespace {

constexpr std::string_view special = "application/token-introspection+jwt";
constexpr std::string_view usual = "application/json";

bool asks(std::initializer_list<const char*> fields) {
  HeaderList headers;
  for (const auto* field : fields) headers.add("Accept", field);
  return prefers(headers, special, usual);
}

TEST(Accept, OnlyWhoNamesTheSpecialTypeGetsIt) {
  EXPECT_TRUE(asks({"application/token-introspection+jwt"}));
  EXPECT_TRUE(asks({"Application/Token-Introspection+JWT ; q=1.0"}));
  EXPECT_TRUE(asks({"text/html, application/token-introspection+jwt;q=0.1"}));
  EXPECT_TRUE(asks({"text/html", "application/token-introspection+jwt"}));
  EXPECT_TRUE(asks({R"(text/x;a="b, c\"d;q=0", application/token-introspection+jwt)"}));
  for (const char* no : {"", "*/*", "application/*", "application/json", "text/html",
                         "application/token-introspection", "application/token-introspection+jwtx",
                         R"(text/x;a="application/token-introspection+jwt")"}) {
    EXPECT_FALSE(asks({no})) << no;
  }
  EXPECT_FALSE(asks({}));
}

TEST(Accept, WeightsDecide) {
  EXPECT_TRUE(asks({"application/token-introspection+jwt, application/json"}));
  EXPECT_TRUE(asks({"application/json;q=0.5, application/token-introspection+jwt;q=0.501"}));
  EXPECT_TRUE(asks({"*/*;q=0.8, application/token-introspection+jwt"}));
  EXPECT_TRUE(asks({"application/json;q=0, application/token-introspection+jwt;q=0.001, */*"}));
  EXPECT_FALSE(asks({"application/json, application/token-introspection+jwt;q=0.9"}));
  EXPECT_FALSE(asks({"application/*;q=0.7, application/token-introspection+jwt;q=0.6, */*;q=0.1"}));
  EXPECT_FALSE(asks({"*/*, application/token-introspection+jwt;q=0.9"}));
  for (const char* zero : {"0", "0.0", "0.000"}) {
    EXPECT_FALSE(asks({("application/token-introspection+jwt;q=" + std::string(zero)).c_str()}));
  }
}

TEST(Accept, AMalformedWeightMakesItsRangeNothing) {
  for (const char* wrong : {"", "2", "-1", "0.1234", "1.001", ".5", "0,5", "1.0x", "00", "0.5.0"}) {
    EXPECT_FALSE(asks({("application/token-introspection+jwt;q=" + std::string(wrong)).c_str()}))
        << wrong;
  }
}

}  // namespace
}  // namespace vestibule::http
