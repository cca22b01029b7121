#include "gateway/upstream_headers.h"

#include <gtest/gtest.h>

#include "gateway/testing.h"

namespace vestibule::gateway {
namespace {

class UpstreamHeaders : public testing::Test {
 protected:
  UpstreamHeaders() : names(CookieNames::for_origin("https://shop.example").value()) {
    head.method = "GET";
    head.request_id = "r1";
    head.client_address = http::IpAddress::parse("203.0.113.9").value();
  }
  http::HeaderList make(std::string_view token = {}) {
    return upstream_headers(head, {names, "https://shop.example", token}, random);
  }

  CookieNames names;
  http::RequestHead head;
  base::SystemRandom random;
};

TEST_F(UpstreamHeaders, OnlyOurAuthorizationReachesTheUpstream) {
  head.headers = {{"Authorization", "Bearer forged"},
                  {"authorization", "Basic x"},
                  {"Proxy-Authorization", "Basic x"},
                  {"HTTP_AUTHORIZATION", "Bearer forged"},
                  {"X_Forwarded_For", "1.2.3.4"},
                  {"X-Forwarded-For", "1.2.3.4"},
                  {"X-Forwarded-User", "root"},
                  {"Forwarded", "for=1.2.3.4"},
                  {"X-Real-IP", "1.2.3.4"},
                  {"X-Original-URI", "/admin"},
                  {"X-Vestibule-Proxy-Secret", "guessed"},
                  {"X-Request-Id", "theirs"},
                  {"Accept", "*/*"}};
  const auto nobody = make();
  EXPECT_FALSE(nobody.contains("Authorization"));
  for (const auto& field : nobody) {
    EXPECT_EQ(field.value.find("forged"), std::string::npos);
    EXPECT_EQ(field.value.find("1.2.3.4"), std::string::npos);
    EXPECT_EQ(field.name.find('_'), std::string::npos);
  }
  EXPECT_FALSE(nobody.contains("X-Forwarded-User"));
  EXPECT_FALSE(nobody.contains("X-Original-URI"));
  EXPECT_FALSE(nobody.contains("X-Vestibule-Proxy-Secret"));
  EXPECT_EQ(nobody.find("X-Request-Id"), "r1");
  EXPECT_EQ(nobody.find("Accept"), "*/*");
  const auto somebody = make("a.b.c");
  EXPECT_EQ(somebody.find_all("Authorization"), std::vector<std::string_view>{"Bearer a.b.c"});
}

TEST_F(UpstreamHeaders, TellWhereTheRequestCameFrom) {
  head.headers = {{"Host", "internal"}};
  const auto fields = make();
  EXPECT_EQ(fields.find_all("Host"), std::vector<std::string_view>{"shop.example"});
  EXPECT_EQ(fields.find("X-Forwarded-For"), "203.0.113.9");
  EXPECT_EQ(fields.find("X-Forwarded-Proto"), "https");
  EXPECT_EQ(fields.find("X-Forwarded-Host"), "shop.example");
}

TEST_F(UpstreamHeaders, OurCookiesAreStrippedAndTheApplicationsStay) {
  head.headers = {{"Cookie", "a=1; __Host-vestibule=secret; b=2; __Host-vestibule-ticket=secret"},
                  {"Cookie", "__Host-vestibule-refresh=secret; __Host-vestibule-login=secret"}};
  const auto fields = make();
  ASSERT_EQ(fields.count("Cookie"), 1U);
  EXPECT_EQ(fields.find("Cookie"), "a=1; b=2");
  head.headers = {{"Cookie", "__Host-vestibule=secret"}};
  EXPECT_FALSE(make().contains("Cookie"));
}

TEST_F(UpstreamHeaders, HopByHopFieldsEndHere) {
  head.headers = {{"Connection", "keep-alive, X-Private"},
                  {"X-Private", "1"},
                  {"TE", "trailers"},
                  {"Upgrade", "h2c"},
                  {"Keep-Alive", "1"}};
  const auto fields = make();
  for (const char* name : {"Connection", "X-Private", "TE", "Upgrade", "Keep-Alive"})
    EXPECT_FALSE(fields.contains(name)) << name;
}

TEST_F(UpstreamHeaders, ATraceGoesOnUnderANewSpan) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  head.trace = http::TraceParent{trace, "00f067aa0ba902b7", 1};
  head.headers = {{"tracestate", "a=b"}, {"traceparent", "x"}};
  const auto fields = make();
  ASSERT_EQ(fields.count("traceparent"), 1U);
  const std::string sent(*fields.find("traceparent"));
  EXPECT_NE(sent.find(trace), std::string::npos);
  EXPECT_EQ(sent.find("00f067aa0ba902b7"), std::string::npos);
  EXPECT_EQ(fields.find("tracestate"), "a=b");
  head.trace.reset();
  EXPECT_TRUE(http::TraceParent::parse(*make().find("traceparent")));
  EXPECT_FALSE(make().contains("tracestate"));
}

TEST_F(UpstreamHeaders, TheUpstreamSetsNoCookieOfOurs) {
  http::HeaderList answer{{"Set-Cookie", "__Host-vestibule=forged; Path=/"},
                          {"Set-Cookie", " __Host-vestibule-ticket =x"},
                          {"Set-Cookie", "=__Host-vestibule=x"},
                          {"set-cookie", "__Host-vestibule-login"},
                          {"Set-Cookie", "theirs=1"},
                          {"Content-Type", "text/html"}};
  drop_our_cookies(answer, names);
  EXPECT_EQ(answer.find_all("Set-Cookie"), std::vector<std::string_view>{"theirs=1"});
  EXPECT_TRUE(answer.contains("Content-Type"));
}

TEST_F(UpstreamHeaders, ANavigationIsKnown) {
  EXPECT_FALSE(is_html_navigation(head));
  head.headers = {{"Accept", "text/html,*/*"}};
  EXPECT_TRUE(is_html_navigation(head));
  head.headers = {{"Accept", "text/html"}, {"Sec-Fetch-Mode", "cors"}};
  EXPECT_FALSE(is_html_navigation(head));
  head.headers = {{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}};
  EXPECT_TRUE(is_html_navigation(head));
  head.headers = {{"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "iframe"}};
  EXPECT_FALSE(is_html_navigation(head));
  head.headers = {{"Sec-Fetch-Mode", "navigate"}};
  head.method = "POST";
  EXPECT_FALSE(is_html_navigation(head));
}

TEST(MayBeCached, BySharedCachesThatReadCacheControl) {
  const auto cached = [](const char* value) { return may_be_cached({{"Cache-Control", value}}); };
  for (const char* value : {"public", "max-age=60", "public, max-age=0", "s-maxage=1",
                            "max-age=010", "must-revalidate, Max-Age=5", "immutable"})
    EXPECT_TRUE(cached(value)) << value;
  for (const char* value : {"no-store", "private, max-age=60", "no-cache", "max-age=0",
                            "max-age=0, must-revalidate", "no-store, public"})
    EXPECT_FALSE(cached(value)) << value;
  EXPECT_FALSE(may_be_cached({}));
  EXPECT_TRUE(may_be_cached({{"Expires", "Thu, 01 Dec 2094 16:00:00 GMT"}}));
}

}  // namespace
}  // namespace vestibule::gateway
