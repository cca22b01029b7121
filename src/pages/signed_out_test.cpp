#include "pages/signed_out.h"

#include <gtest/gtest.h>

namespace vestibule::pages {
namespace {

const std::vector<std::string> frames = {"https://a.test/logout?iss=x&sid=y",
                                         "https://b.test:8443/out?sid=\"><script>"};

std::string policy_of(const http::Response& page) {
  return std::string(page.headers.find("Content-Security-Policy").value_or(""));
}

TEST(SignedOut, LoadsEachFrameAndAllowsTheirOriginsOnly) {
  const auto page = signed_out(frames, "https://a.test/bye", Leave::at_once, "/style.css");
  EXPECT_NE(page.body.find("src=\"https://a.test/logout?iss=x&amp;sid=y\""), std::string::npos);
  EXPECT_EQ(page.body.find("\"><script>"), std::string::npos);
  const auto policy = policy_of(page);
  EXPECT_NE(policy.find("; frame-src https://a.test https://b.test:8443;"), std::string::npos)
      << policy;
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("script-src 'sha256-"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  const std::string fallback =
      R"(<noscript><meta http-equiv="refresh" content="5; url=https://a.test/bye"></noscript>)";
  EXPECT_NE(page.body.find(fallback), std::string::npos);
  EXPECT_FALSE(page.headers.contains("Refresh"));
  EXPECT_EQ(page.headers.find("Cache-Control"), "no-store");
}

TEST(SignedOut, StaysWhereItIsWithoutAPlaceToGo) {
  const auto page = signed_out(frames, "https://shop.test/", Leave::by_link, "/style.css");
  EXPECT_EQ(page.body.find("http-equiv=\"refresh\""), std::string::npos);
  EXPECT_EQ(page.body.find("<script"), std::string::npos);
  EXPECT_EQ(policy_of(page).find("script-src"), std::string::npos);
  EXPECT_NE(page.body.find("href=\"https://shop.test/\""), std::string::npos);
}

}  // namespace
}  // namespace vestibule::pages
