// Tables for the small pure parts: cookies, forms, origins, return paths, addresses, headers.
#include <gtest/gtest.h>

#include "http/cookies.h"
#include "http/forms.h"
#include "http/head_writer.h"
#include "http/ip.h"
#include "http/origin.h"
#include "http/proxy.h"
#include "http/request.h"
#include "http/response.h"
#include "http/return_to.h"

namespace vestibule::http {
namespace {

TEST(HeaderList, ComparesNamesWithoutCaseAndKeepsOrder) {
  HeaderList headers{{"A", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(headers.find("a"), "1");
  EXPECT_EQ(headers.count("A"), 2U);
  headers.set("a", "4");
  EXPECT_EQ(headers, (HeaderList{{"A", "4"}, {"b", "2"}}));
  EXPECT_EQ(headers.remove("B"), 1U);
  EXPECT_FALSE(headers.find("b"));
  EXPECT_TRUE(list_contains("a , Close,b", "close"));
  EXPECT_FALSE(list_contains("closed", "close"));
}

TEST(HopByHop, RemovesTheFixedAndTheNamed) {
  HeaderList headers{{"Connection", "close, X-Secret ,Host"},
                     {"X-Secret", "1"},
                     {"Host", "h"},
                     {"TE", "trailers"},
                     {"Upgrade", "h2c"},
                     {"Keep-Alive", "5"},
                     {"Proxy-Connection", "x"},
                     {"Transfer-Encoding", "chunked"},
                     {"Trailer", "x"},
                     {"Accept", "*/*"}};
  remove_hop_by_hop(headers);
  EXPECT_EQ(headers, (HeaderList{{"Host", "h"}, {"Accept", "*/*"}}));
}

TEST(Cookies, MatchByteForByte) {
  const HeaderList headers{{"Cookie", "a=1; A=2;b=\"3\" ; c==x=;d;  e="}, {"cookie", "f=6"}};
  const Cookies cookies(headers);
  EXPECT_EQ(cookies.find("a").value, "1");
  EXPECT_EQ(cookies.find("A").value, "2");
  EXPECT_EQ(cookies.find("b").value, "\"3\"");
  EXPECT_EQ(cookies.find("c").value, "=x=");
  EXPECT_EQ(cookies.find("").value, "d");
  EXPECT_TRUE(cookies.find("e").single());
  EXPECT_EQ(cookies.find("f").value, "6");
  EXPECT_EQ(cookies.find("g").state, CookieLookup::State::absent);
}

TEST(Cookies, ADuplicateIsNeverChosenFrom) {
  for (const HeaderList& headers :
       {HeaderList{{"Cookie", "a=1; a=2"}}, HeaderList{{"Cookie", "a=1; a=1"}},
        HeaderList{{"Cookie", "a=1"}, {"Cookie", "a=2"}}}) {
    const Cookies cookies(headers);
    EXPECT_TRUE(cookies.find("a").duplicated());
    EXPECT_EQ(cookies.find("a").value, "");
  }
}

TEST(Cookies, OursAreTakenOutForTheUpstream) {
  const std::vector<std::string> ours{"__Host-v", "t"};
  EXPECT_EQ(without_cookies({{"Cookie", "a=1; __Host-v=x; b=2; t=; __host-v=y"}}, ours),
            "a=1; b=2; __host-v=y");
  EXPECT_EQ(without_cookies(
                {{"Cookie", "__Host-v =x;t\t=1; =t=2; ==__Host-v=y"}, {"Cookie", "c=3"}}, ours),
            "c=3");
  EXPECT_EQ(without_cookies({}, ours), "");
}

SetCookie named(std::string name, std::string value = "v") {
  SetCookie cookie;
  cookie.name = std::move(name);
  cookie.value = std::move(value);
  return cookie;
}

TEST(SetCookie, WritesEveryAttribute) {
  auto cookie = named("__Host-a");
  cookie.max_age = std::chrono::seconds(60);
  EXPECT_EQ(cookie.to_string(), "__Host-a=v; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
  EXPECT_EQ(cookie.deletion().to_string(),
            "__Host-a=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
  auto plain = named("a");
  plain.scheme = CookieScheme::plain;
  plain.script_access = ScriptAccess::permitted;
  plain.same_site = SameSite::strict;
  plain.path = "/x";
  EXPECT_EQ(plain.to_string(), "a=v; Path=/x; SameSite=Strict");
}

TEST(SetCookie, RefusesWhatABrowserWouldDropOrMisread) {
  for (const auto* const value :
       {"a;b", "a b", "a,b", "a\"b", "a\\b", "a\r\nSet-Cookie: x", "\x7f", "\xc3\xa9"})
    EXPECT_THROW(static_cast<void>(named("a", value).to_string()), std::invalid_argument) << value;
  for (const auto* const name : {"", "a b", "a=b", "a;b", "\xc3\xa9"})
    EXPECT_THROW(static_cast<void>(named(name).to_string()), std::invalid_argument) << name;
  EXPECT_NO_THROW(static_cast<void>(named("a", std::string(4095, 'x')).to_string()));
  EXPECT_THROW(static_cast<void>(named("a", std::string(4096, 'x')).to_string()),
               std::invalid_argument);
  auto host = named("__Host-a");
  host.path = "/x";
  EXPECT_THROW(static_cast<void>(host.to_string()), std::invalid_argument);
  for (const auto* const name : {"__Host-a", "__Secure-a"}) {
    auto insecure = named(name);
    insecure.scheme = CookieScheme::plain;
    EXPECT_THROW(static_cast<void>(insecure.to_string()), std::invalid_argument);
  }
  auto none = named("a");
  none.scheme = CookieScheme::plain;
  none.same_site = SameSite::none;
  EXPECT_THROW(static_cast<void>(none.to_string()), std::invalid_argument);
  auto path = named("a");
  path.path = "/;x";
  EXPECT_THROW(static_cast<void>(path.to_string()), std::invalid_argument);
}

TEST(Form, DecodesStrictly) {
  const auto form = Form::parse("a=1+2&b=%C3%A9&a=%26&&c&d=x=y").value();
  EXPECT_EQ(form.find("a"), "1 2");
  EXPECT_EQ(form.all("a"), (std::vector<std::string_view>{"1 2", "&"}));
  EXPECT_TRUE(form.duplicated("a"));
  EXPECT_FALSE(form.duplicated("b"));
  EXPECT_EQ(form.first_duplicate(), "a");
  EXPECT_EQ(form.get("b"), "\xc3\xa9");
  EXPECT_EQ(form.find("c"), "");
  EXPECT_EQ(form.find("d"), "x=y");
  EXPECT_FALSE(form.find("e"));
  EXPECT_TRUE(Form::parse("")->empty());
}

TEST(Form, RefusesTheMalformed) {
  for (const auto* const text :
       {"a=%", "a=%1", "a=%zz", "%g0=1", "a=%00", "a=%ff", "a=\xc3", "a=%C0%80", "a=%ED%A0%80"})
    EXPECT_FALSE(Form::parse(text)) << text;
  EXPECT_TRUE(Form::parse("a&b", 2));
  EXPECT_EQ(Form::parse("a&b&c", 2).error().kind, base::ErrorKind::too_large);
}

TEST(Form, WritesWhatItReads) {
  const std::vector<std::pair<std::string, std::string>> fields{{"a b", "1&2=+%"},
                                                                {"\xc3\xa9", ""}};
  EXPECT_EQ(Form::parse(encode_form(fields))->fields(), fields);
}

TEST(MediaType, IsLowerCaseWithoutParameters) {
  const auto type = [](const char* value) { return media_type({{"Content-Type", value}}); };
  EXPECT_EQ(type("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(type(" text/html "), "text/html");
  EXPECT_EQ(type("text"), "");
  EXPECT_EQ(type("text/"), "");
  EXPECT_EQ(type("text/html, a/b"), "");
  EXPECT_EQ(media_type({{"Content-Type", "a/b"}, {"content-type", "a/b"}}), "");
  EXPECT_EQ(media_type({}), "");
}

constexpr std::string_view own = "https://shop.example";

TEST(Csrf, FollowsTheOrderOfEvidence) {
  struct Row {
    HeaderList headers;
    CsrfVerdict verdict;
  };
  using enum CsrfVerdict;
  const std::vector<Row> table{
      {{{"Sec-Fetch-Site", "same-origin"}}, allowed},
      {{{"sec-fetch-site", "same-origin"}, {"Origin", "https://evil.example"}}, allowed},
      {{{"Sec-Fetch-Site", "same-site"}}, refused},
      {{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://shop.example"}}, refused},
      {{{"Sec-Fetch-Site", "cross-site"}, {"X-Vestibule-CSRF", "1"}}, refused},
      {{{"Sec-Fetch-Site", "none"}}, refused},
      {{{"Sec-Fetch-Site", "Same-Origin"}}, refused},
      {{{"Sec-Fetch-Site", ""}}, refused},
      {{{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Site", "cross-site"}}, refused},
      {{{"Origin", "https://shop.example"}}, allowed},
      {{{"Origin", "https://shop.example"}, {"Origin", "https://shop.example"}}, refused},
      {{{"Origin", "https://shop.example:444"}}, refused},
      {{{"Origin", "http://shop.example"}}, refused},
      {{{"Origin", "https://shop.example.evil"}}, refused},
      {{{"Origin", "null"}}, refused},
      {{{"Origin", ""}}, refused},
      {{{"Origin", "null"}, {"X-Vestibule-CSRF", "1"}}, refused},
      {{{"X-Vestibule-CSRF", "1"}}, allowed},
      {{{"X-Vestibule-CSRF", "0"}}, refused},
      {{{"X-Vestibule-CSRF", "1"}, {"X-Vestibule-CSRF", "1"}}, refused},
      {{{"Referer", "https://shop.example/"}}, refused},
      {{}, refused},
  };
  for (std::size_t row = 0; row < table.size(); ++row)
    EXPECT_EQ(check_csrf(table[row].headers, own), table[row].verdict) << "row " << row;
  EXPECT_EQ(check_csrf({{"Origin", ""}}, ""), refused);
}

TEST(CrossSite, AnyForeignEvidenceCounts) {
  EXPECT_FALSE(is_cross_site({}, own));
  EXPECT_FALSE(is_cross_site({{"Sec-Fetch-Site", "same-origin"}}, own));
  EXPECT_FALSE(is_cross_site({{"Origin", "https://shop.example"}}, own));
  for (const auto* const site : {"cross-site", "same-site", "none", "x", ""})
    EXPECT_TRUE(is_cross_site({{"Sec-Fetch-Site", site}}, own)) << site;
  EXPECT_TRUE(is_cross_site({{"Origin", "null"}}, own));
  EXPECT_TRUE(
      is_cross_site({{"Sec-Fetch-Site", "same-origin"}, {"Origin", "https://evil.example"}}, own));
}

TEST(ReturnTo, StaysOnThisOriginAndOffOurPaths) {
  const std::vector<std::string> reserved{"/guest/v1", "/oauth/"};
  for (const auto* const good : {"/", "/cart", "/cart?x=//evil&y=%2F", "/a//b", "/guest/v10",
                                 "/guest", "/caf%C3%A9#top", "/oauthx", "/?return_to=/guest/v1"})
    EXPECT_TRUE(valid_return_to(good, reserved)) << good;
  for (const auto* const bad : {"",
                                "cart",
                                "//evil.example",
                                "///evil.example",
                                "/\\evil.example",
                                "\\/evil.example",
                                "/a\\b",
                                "https://evil.example/",
                                "javascript:alert(1)",
                                "/a\nb",
                                "/\t/evil.example",
                                "/a\x7f",
                                " /a",
                                "/a b",
                                "/guest/v1",
                                "/guest/v1/logout",
                                "/guest/v1?x",
                                "/guest/v1#x",
                                "/GUEST/v1/logout",
                                "/%67uest/v1/logout",
                                "/guest%2fv1",
                                "/guest//v1/logout",
                                "/guest;a/;b/v1;c/logout",
                                "/./guest/v1",
                                "/x/../guest/v1",
                                "/%2e/guest/v1",
                                "/%2F/evil.example",
                                "/%5Cevil.example",
                                "/%0d%0aX:",
                                "/%",
                                "/oauth",
                                "/oauth/v2/authorize"})
    EXPECT_FALSE(valid_return_to(bad, reserved)) << bad;
  EXPECT_TRUE(valid_return_to("/" + std::string(2047, 'a'), reserved));
  EXPECT_FALSE(valid_return_to("/" + std::string(2048, 'a'), reserved));
}

TEST(IpAddress, ReadsAndWrites) {
  EXPECT_EQ(IpAddress::parse("192.0.2.1")->to_string(), "192.0.2.1");
  EXPECT_EQ(IpAddress::parse("2001:DB8:0::1")->to_string(), "2001:db8::1");
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(IpAddress::parse("2001:db8:1:2:3::")->masked(48).to_string(), "2001:db8:1::");
  EXPECT_EQ(IpAddress::parse("10.1.2.3")->masked(8).to_string(), "10.0.0.0");
  for (const auto* const bad :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4:80", "[::1]", "fe80::1%eth0",
        "::1::", "localhost", " 1.2.3.4", "1.2.3.4 "})
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
}

TEST(Cidr, ReadsStrictly) {
  EXPECT_TRUE(Cidr::parse("10.0.0.0/8")->contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(Cidr::parse("10.0.0.0/8")->contains(*IpAddress::parse("11.0.0.1")));
  EXPECT_TRUE(Cidr::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:7fff::1")));
  EXPECT_FALSE(Cidr::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:8000::1")));
  EXPECT_TRUE(Cidr::parse("0.0.0.0/0")->contains(*IpAddress::parse("1.2.3.4")));
  EXPECT_FALSE(Cidr::parse("::/0")->contains(*IpAddress::parse("1.2.3.4")));
  EXPECT_EQ(Cidr::parse("127.0.0.1")->prefix, 32U);
  for (const auto* const bad : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "::/129",
                                "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0.0/8/8", "x/8"})
    EXPECT_FALSE(Cidr::parse(bad)) << bad;
}

TEST(GloballyReachable, RefusesEverythingSpecial) {
  for (const auto* const good :
       {"8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"})
    EXPECT_TRUE(is_globally_reachable(*IpAddress::parse(good))) << good;
  for (const auto* const bad :
       {"0.0.0.0",         "10.0.0.1",        "100.64.0.1",      "127.0.0.1", "127.255.255.255",
        "169.254.169.254", "172.16.0.1",      "172.31.255.255",  "192.0.0.8", "192.168.1.1",
        "198.18.0.1",      "224.0.0.1",       "255.255.255.255", "::",        "::1",
        "::127.0.0.1",     "fe80::1",         "fc00::1",         "fd12::1",   "ff02::1",
        "64:ff9b::7f00:1", "64:ff9b:1::1",    "2002:7f00:1::1",  "2001::1",   "2001:db8::1",
        "fec0::1",         "::ffff:10.0.0.1", "100::1",          "5f00::1"})
    EXPECT_FALSE(is_globally_reachable(*IpAddress::parse(bad))) << bad;
}

TEST(ClientAddress, IsTheRightMostThatNobodyTrusts) {
  const std::vector<Cidr> trusted{*Cidr::parse("10.0.0.0/8"), *Cidr::parse("::1")};
  const auto resolve = [&](const char* peer, std::vector<std::string_view> fields) {
    return resolve_client(*IpAddress::parse(peer), fields, trusted).to_string();
  };
  EXPECT_EQ(resolve("203.0.113.1", {"198.51.100.1"}), "203.0.113.1");
  EXPECT_EQ(resolve("10.0.0.1", {}), "10.0.0.1");
  EXPECT_EQ(resolve("10.0.0.1", {"198.51.100.1"}), "198.51.100.1");
  EXPECT_EQ(resolve("10.0.0.1", {"6.6.6.6, 198.51.100.1 ,10.0.0.2"}), "198.51.100.1");
  EXPECT_EQ(resolve("10.0.0.1", {"6.6.6.6", "198.51.100.1,10.0.0.3", "10.0.0.2"}), "198.51.100.1");
  EXPECT_EQ(resolve("10.0.0.1", {"10.0.0.9, 10.0.0.2"}), "10.0.0.9");
  EXPECT_EQ(resolve("10.0.0.1", {"198.51.100.1, junk, 10.0.0.2"}), "10.0.0.2");
  EXPECT_EQ(resolve("10.0.0.1", {"198.51.100.1,"}), "10.0.0.1");
  EXPECT_EQ(resolve("::1", {"2001:db8::7"}), "2001:db8::7");
}

TEST(TraceParent, IsReadStrictly) {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  EXPECT_EQ(TraceParent::parse(good)->to_string(), good);
  EXPECT_TRUE(TraceParent::parse("cc" + good.substr(2) + "-future"));
  for (const auto& bad : {std::string(), "ff" + good.substr(2), good + "-x", good.substr(1),
                          std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"),
                          "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-" + std::string(16, '0') + "-01"})
    EXPECT_FALSE(TraceParent::parse(bad)) << bad;
}

TEST(Response, HelpersSayWhatTheyAre) {
  EXPECT_EQ(Response::json(201, "{}").headers.find("Content-Type"), "application/json");
  EXPECT_EQ(Response::html(200, "").headers.find("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(Response::redirect("/a").status, 303);
  EXPECT_EQ(Response::found("/a").status, 302);
  EXPECT_EQ(Response::no_content().status, 204);
  EXPECT_THROW(Response::redirect("/a\r\nSet-Cookie: x"), std::invalid_argument);
}

TEST(HttpDate, IsTheFixedForm) {
  EXPECT_EQ(http_date(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace vestibule::http
