#include "oauth/uri.h"

#include <gtest/gtest.h>

namespace vestibule::oauth {
namespace {

TEST(Uri, AnAbsoluteUriHasASchemeAndNoFragment) {
  for (const char* good : {"https://api.test", "https://api.test/v1?x=%20", "urn:example:api",
                           "app.custom+1:/x", "http://[::1]:8080/"}) {
    EXPECT_TRUE(is_absolute_uri(good)) << good;
  }
  for (const char* bad : {"", "api", "/v1", "//api.test", "https:", ":x", "1a:x", "ht tp:x",
                          "https://api.test/#f", "https://api.test/%2", "https://api.test/%zz",
                          "https://api.test/\xc3\xa4", "https://api.test/\"", "a_b:x"}) {
    EXPECT_FALSE(is_absolute_uri(bad)) << bad;
  }
}

TEST(Uri, NormalizationGivesOneSpelling) {
  constexpr const char* one = "https://server.example.com/a/token";
  for (const char* same :
       {"https://server.example.com/a/token", "HTTPS://Server.EXAMPLE.com/a/token",
        "https://server.example.com:443/a/token", "https://server.example.com:/a/token",
        "https://server.example.com/a/token?x=1", "https://server.example.com/a/token#f",
        "https://server.example.com/a/token?#", "https://server.example.com/a/./token",
        "https://server.example.com/b/../a/token", "https://server.example.com/../a/token",
        "https://server.example.com/%61/%74oken", "https://server.example.com/a/%2E/token",
        "https://%73erver.example.com/a/token"}) {
    EXPECT_EQ(normalized_target(same), one) << same;
  }
  for (const char* other :
       {"http://server.example.com/a/token", "https://server.example.com/a/Token",
        "https://server.example.com/a/token/", "https://server.example.com//a/token",
        "https://server.example.com:8443/a/token", "https://server.example.com/a%2Ftoken",
        "https://server.example.com.evil.test/a/token", "https://server.example.com"}) {
    EXPECT_TRUE(normalized_target(other)) << other;
    EXPECT_NE(normalized_target(other), one) << other;
  }
}

TEST(Uri, EmptyPathDefaultPortAndEscapesInCapitals) {
  EXPECT_EQ(normalized_target("http://[::1]:80"), "http://[::1]/");
  EXPECT_EQ(normalized_target("http://[::1]:8081/x/.."), "http://[::1]:8081/");
  EXPECT_EQ(normalized_target("http://h/a/b/."), "http://h/a/b/");
  EXPECT_EQ(normalized_target("http://h/%2f%c3%A4"), "http://h/%2F%C3%A4");
}

TEST(Uri, WhatIsNoHttpUriHasNoTarget) {
  for (const char* bad :
       {"", "server.example.com/token", "ftp://h/", "https:///token", "https:/h", "https://user@h/",
        "https://h:0/", "https://h:65536/", "https://h:8a/", "https://h:00443/", "https://h/%",
        "https://h/%4", "https://h/ x", "https://h/\n", "https://h\\x/", "://h/", "https://"}) {
    EXPECT_EQ(normalized_target(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace vestibule::oauth
