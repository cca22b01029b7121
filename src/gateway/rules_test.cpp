#include "gateway/rules.h"

#include <gtest/gtest.h>

namespace vestibule::gateway {
namespace {

Rules rules(const std::vector<Rule>& list) {
  auto compiled = Rules::compile(list);
  EXPECT_TRUE(compiled.has_value());
  return std::move(*compiled);
}

TEST(Rules, NoneMatchesNothing) {
  EXPECT_FALSE(rules({}).matches("POST", "/"));
  EXPECT_TRUE(rules({}).empty());
}

TEST(Rules, DoubleStarTakesTheWholeSubtree) {
  const auto cart = rules({{"POST", "/api/cart/**", {}}});
  EXPECT_TRUE(cart.matches("POST", "/api/cart"));
  EXPECT_TRUE(cart.matches("POST", "/api/cart/items"));
  EXPECT_TRUE(cart.matches("POST", "/api/cart/items/7"));
  EXPECT_FALSE(cart.matches("GET", "/api/cart/items"));
  EXPECT_FALSE(cart.matches("POST", "/api/cartoon"));
  EXPECT_FALSE(cart.matches("POST", "/api"));
  EXPECT_FALSE(cart.matches("POST", "/"));
}

TEST(Rules, StarAndNameTakeOneSegment) {
  const auto list = rules({{"*", "/api/*/items/{id}", {}}});
  EXPECT_TRUE(list.matches("PATCH", "/api/cart/items/7"));
  EXPECT_FALSE(list.matches("PATCH", "/api/cart/items"));
  EXPECT_FALSE(list.matches("PATCH", "/api/cart/items/7/8"));
  EXPECT_FALSE(list.matches("PATCH", "/api//items/7"));
}

TEST(Rules, AnExclusionBelongsToItsRule) {
  const auto list =
      rules({{"*", "/api/**", {"/api/health", "/api/public/**"}}, {"POST", "/api/health", {}}});
  EXPECT_TRUE(list.matches("GET", "/api/orders"));
  EXPECT_FALSE(list.matches("GET", "/api/health"));
  EXPECT_TRUE(list.matches("POST", "/api/health"));
  EXPECT_FALSE(list.matches("GET", "/api/public/x"));
}

TEST(Rules, HeadIsGetAndMethodsAreCaseSensitive) {
  const auto list = rules({{"GET", "/a", {}}});
  EXPECT_TRUE(list.matches("HEAD", "/a"));
  EXPECT_FALSE(list.matches("get", "/a"));
}

TEST(Rules, TheSameResourceWrittenAnotherWayStillMatches) {
  const auto cart = rules({{"POST", "/api/cart", {}}});
  for (const char* path :
       {"/api/cart/", "//api/cart", "/api//cart", "/api/cart;jsessionid=1", "/api;v=2/cart"})
    EXPECT_TRUE(cart.matches("POST", path)) << path;
  EXPECT_FALSE(cart.matches("POST", "/API/cart"));
}

TEST(Rules, RootMatchesRootOnly) {
  const auto root = rules({{"POST", "/", {}}});
  EXPECT_TRUE(root.matches("POST", "/"));
  EXPECT_FALSE(root.matches("POST", "/a"));
}

TEST(Rules, MalformedPatternsAreRefused) {
  for (const char* text : {"", "api", "/a//b", "/a/", "/a/../b", "/./a", "/**/a", "/a*", "/{a}b",
                           "/{}", "/{a-b}", "/a?b", "/a\\b", "/a\nb", "/a;b", "/***"}) {
    const auto result = PathPattern::parse(text);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_EQ(result.error().reason, "path_pattern");
  }
  EXPECT_EQ(Rules::compile({{"PO ST", "/a", {}}}).error().reason, "method");
  EXPECT_EQ(Rules::compile({{"", "/a", {}}}).error().reason, "method");
  EXPECT_EQ(Rules::compile({{"GET", "/a", {"b"}}}).error().reason, "path_pattern");
}

TEST(DecodeTargetPath, DecodesOnceAndRefusesTricks) {
  EXPECT_EQ(decode_target_path("/api/c%61rt?x=/y"), "/api/cart");
  EXPECT_EQ(decode_target_path("/a%2541"), "/a%41");
  EXPECT_EQ(decode_target_path("/a+b"), "/a+b");
  for (const char* target :
       {"", "api", "http://h/api", "/a%2Fb", "/a%2fb", "/a/../b", "/a/%2e%2E/b", "/a/%2e/b",
        "/a%00", "/a%0a", "/a%5cb", "/a\\b", "/%", "/%4", "/%zz", "/a/..;/b", "*"})
    EXPECT_FALSE(decode_target_path(target).has_value()) << target;
}

}  // namespace
}  // namespace vestibule::gateway
