#include "app/sites.h"

#include <gtest/gtest.h>

namespace vestibule::app {
namespace {

http::RequestHead head(std::string host, std::string path, std::string authorization = {}) {
  http::RequestHead made;
  made.method = "GET";
  made.host = std::move(host);
  made.path = std::move(path);
  if (!authorization.empty()) made.headers.add("Authorization", authorization);
  return made;
}

Config two_origins() {
  Config config;
  config.public_url = "http://127.0.0.1:8081";
  config.gateway.public_url = "http://localhost:8080";
  return config;
}

TEST(Sites, HostDecidesForBrowsers) {
  Sites sites{two_origins()};
  EXPECT_EQ(sites.select(head("localhost:8080", "/")), &sites.application());
  EXPECT_EQ(sites.select(head("127.0.0.1:8081", "/ui/login")), &sites.provider());
  for (const auto* host : {"evil.example", "localhost:8081", "127.0.0.1:8080", "localhost", ""}) {
    EXPECT_EQ(sites.select(head(host, "/")), nullptr) << host;
  }
}

TEST(Sites, HealthAndBearerCallsNeverLookAtHost) {
  Sites sites{two_origins()};
  EXPECT_EQ(sites.select(head("10.1.2.3", "/metrics")), &sites.provider());
  EXPECT_EQ(sites.select(head("vestibule", "/v2/users/1", "Bearer x")), &sites.provider());
  for (const auto* host : {"vestibule", "127.0.0.1:8081", "localhost:8080"}) {
    EXPECT_EQ(sites.select(head(host, "/guest/v1/provision", "bearer x")), &sites.application());
  }
  EXPECT_EQ(sites.select(head("localhost:8080", "/api", "Bearer x")), &sites.application());
  EXPECT_EQ(sites.select(head("vestibule", "/v2/users/1", "Basic x")), nullptr);
}

TEST(Sites, ABearerTokenOpensNoPageToAForeignHost) {
  Sites sites{two_origins()};
  for (const auto* path : {"/", "/mailbox", "/ui/login", "/oauth/v2/authorize", "/guest/v1/session",
                           "/guest/v1/upgrade", "/guest/v1/forward-auth"}) {
    EXPECT_EQ(sites.select(head("evil.example", path, "Bearer x")), nullptr) << path;
  }
}

TEST(Sites, OneOriginAnswersEverything) {
  Config config;
  config.public_url = config.gateway.public_url = "http://127.0.0.1:8081";
  Sites sites{config};
  EXPECT_FALSE(sites.separate());
  EXPECT_EQ(&sites.application(), &sites.provider());
  EXPECT_EQ(sites.select(head("localhost:8081", "/")), &sites.provider());
  EXPECT_EQ(sites.select(head("evil.example", "/")), nullptr);
}

TEST(Sites, DefaultPortsAndIpv6) {
  for (const auto* url : {"http://127.0.0.1", "http://[::1]:8081", "http://[::1]"}) {
    Config config;
    config.public_url = config.gateway.public_url = url;
    Sites sites{config};
    EXPECT_EQ(sites.select(head(parse_url(url)->authority, "/")), &sites.provider()) << url;
  }
}

}  // namespace
}  // namespace vestibule::app
