#include "http/router.h"

#include <gtest/gtest.h>

namespace vestibule::http {
namespace {

boost::asio::awaitable<Response> nothing(Request&) {
  co_return Response{};
}

std::string found(const Router& router, const std::string& method, const std::string& path) {
  const auto match = router.match(method, path);
  if (match.route == nullptr) return match.allow.empty() ? "none" : "allow " + match.allow;
  auto text = match.route->pattern;
  for (const auto& [name, value] : match.parameters) text += " " + name + "=" + value;
  return text;
}

TEST(Router, FindsTheMostSpecific) {
  Router router;
  for (const auto* const pattern :
       {"/", "/users/{id}", "/users/me", "/users/{id}/keys/{key}", "/users/{id}:lock", "/assets/*",
        "/assets/index", "/zitadel.user.v2.UserService/CreateUser"})
    router.add("GET", pattern, nothing);
  router.add("POST", "/users/me", nothing);
  router.add("*", "/any", nothing);
  EXPECT_EQ(found(router, "GET", "/"), "/");
  EXPECT_EQ(found(router, "GET", "/users/1"), "/users/{id} id=1");
  EXPECT_EQ(found(router, "GET", "/users/me"), "/users/me");
  EXPECT_EQ(found(router, "GET", "/users/1/keys/a b"), "/users/{id}/keys/{key} id=1 key=a b");
  EXPECT_EQ(found(router, "GET", "/users/me/keys/2"), "/users/{id}/keys/{key} id=me key=2");
  EXPECT_EQ(found(router, "GET", "/users/1:lock"), "/users/{id}:lock id=1");
  EXPECT_EQ(found(router, "GET", "/users/:lock"), "/users/{id} id=:lock");
  EXPECT_EQ(found(router, "GET", "/assets/a/b.css"), "/assets/* *=a/b.css");
  EXPECT_EQ(found(router, "GET", "/assets/"), "/assets/* *=");
  EXPECT_EQ(found(router, "GET", "/assets/index"), "/assets/index");
  EXPECT_EQ(found(router, "HEAD", "/"), "/");
  EXPECT_EQ(found(router, "BREW", "/any"), "/any");
  EXPECT_EQ(found(router, "GET", "/zitadel.user.v2.UserService/CreateUser"),
            "/zitadel.user.v2.UserService/CreateUser");
}

TEST(Router, TellsNotFoundFromNotAllowed) {
  Router router;
  router.add("GET", "/users/{id}", nothing);
  router.add("DELETE", "/users/{id}", nothing);
  EXPECT_EQ(found(router, "POST", "/users/1"), "allow GET, HEAD, DELETE");
  EXPECT_EQ(found(router, "get", "/users/1"), "allow GET, HEAD, DELETE");
  for (const auto* const path : {"/", "/users", "/users/", "/users/1/", "/users/1/x", "//users/1",
                                 "/Users/1", "users/1", "*", ""})
    EXPECT_EQ(found(router, "GET", path), "none") << path;
}

TEST(Router, RefusesMalformedAndDoubledPatterns) {
  Router router;
  router.add("GET", "/a/{x}", nothing);
  for (const auto* const pattern :
       {"", "a", "/a/{x}", "/a/{}", "/a/{x", "/a/b{x}", "/a/*/b", "/a*", "/{a}*"})
    EXPECT_THROW(router.add("GET", pattern, nothing), std::invalid_argument) << pattern;
  EXPECT_THROW(router.add("G T", "/b", nothing), std::invalid_argument);
  EXPECT_THROW(router.add("GET", "/b", Handler{}), std::invalid_argument);
}

}  // namespace
}  // namespace vestibule::http
