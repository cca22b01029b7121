#include <gtest/gtest.h>

#include "gateway/world.h"

namespace vestibule::gateway {
namespace {

class Provision : public testing::Test {
 protected:
  http::testing::Answer provision(const std::string& key, const std::string& body = {},
                                  std::string token = {}) {
    if (token.empty()) token = world.service_token;
    Browser backend(world);
    return backend.ask("POST", "/guest/v1/provision", body,
                       {{"Authorization", "Bearer " + token}, {"Idempotency-Key", key}});
  }
  World world;
};

TEST_F(Provision, MakesOneGuestPerKey) {
  const auto first = provision("k1", "{}");
  ASSERT_EQ(first.status, 201) << first.body;
  EXPECT_EQ(first.headers.find("Cache-Control"), "private, no-store");
  EXPECT_FALSE(first.headers.contains("Set-Cookie"));
  EXPECT_EQ(Browser::member(first, "token_type"), "Bearer");
  EXPECT_NE(first.body.find("\"expires_in\":600"), std::string::npos);
  const auto token = world.issuer.parse(Browser::member(first, "access_token"), world.now());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->subject, Browser::member(first, "user_id"));
  ASSERT_TRUE(token->actor);
  EXPECT_EQ(token->actor->subject, "11");
  world.clock.advance(std::chrono::hours(1));
  const auto again = provision("k1", "{}");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(Browser::member(again, "user_id"), Browser::member(first, "user_id"));
  EXPECT_NE(Browser::member(again, "access_token"), Browser::member(first, "access_token"));
  EXPECT_EQ(provision("k1", R"({"a":1})").status, 422);
  EXPECT_EQ(provision("k2", "{}").status, 201);
  EXPECT_EQ(world.count_users(), 2);
}

TEST_F(Provision, NeedsAPrivilegedCaller) {
  Browser backend(world);
  const auto none = backend.ask("POST", "/guest/v1/provision", "{}", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(none.status, 401);
  EXPECT_TRUE(none.headers.contains("WWW-Authenticate"));
  EXPECT_EQ(provision("k", "{}", "unknown").status, 401);
  EXPECT_EQ(provision("k", "{}", world.roleless_token).status, 403);
  EXPECT_EQ(backend
                .ask("POST", "/guest/v1/provision", "{}",
                     {{"Authorization", "Basic " + world.service_token}, {"Idempotency-Key", "k"}})
                .status,
            401);
  EXPECT_EQ(world.count_users(), 0);
}

TEST_F(Provision, NeedsAnIdempotencyKey) {
  Browser backend(world);
  const http::HeaderList bearer{{"Authorization", "Bearer " + world.service_token}};
  EXPECT_EQ(backend.ask("POST", "/guest/v1/provision", "{}", bearer).status, 400);
  EXPECT_EQ(provision(std::string(201, 'k'), "{}").status, 400);
  EXPECT_EQ(provision("a b", "{}").status, 400);
  EXPECT_EQ(provision("k\xc3\xa9", "{}").status, 400);
  auto twice = bearer;
  twice.add("Idempotency-Key", "a");
  twice.add("Idempotency-Key", "b");
  EXPECT_EQ(backend.ask("POST", "/guest/v1/provision", "{}", twice).status, 400);
  EXPECT_EQ(provision(std::string(200, 'k'), "{}").status, 201);
}

TEST_F(Provision, TakesAJsonObjectOfSixteenKilobytes) {
  for (const char* body : {"[]", "1", "{", "null"})
    EXPECT_EQ(provision("k", body).status, 400) << body;
  EXPECT_EQ(provision("empty").status, 201);
  EXPECT_EQ(provision("large", "{\"a\":\"" + std::string(16 * 1024, 'x') + "\"}").status, 413);
}

TEST_F(Provision, HasNoAddressLimit) {
  for (int i = 0; i < 40; ++i) EXPECT_EQ(provision("k" + std::to_string(i)).status, 201);
}

GatewayOptions with_secret() {
  GatewayOptions options;
  options.forward_auth.shared_secret = base::Secret("between-us");
  return options;
}

class ForwardAuth : public testing::Test {
 protected:
  ForwardAuth() : world(with_secret()), browser(world) {}

  http::testing::Answer ask(const std::string& method, const std::string& uri,
                            http::HeaderList more = {}) {
    more.add("X-Vestibule-Proxy-Secret", "between-us");
    more.add("X-Forwarded-Method", method);
    more.add("X-Forwarded-Uri", uri);
    more.add("X-Forwarded-For", "203.0.113." + std::to_string(address));
    return browser.get("/guest/v1/forward-auth", std::move(more));
  }
  World world;
  Browser browser;
  int address = 1;
};

TEST_F(ForwardAuth, IsNotThereForOthers) {
  for (const http::HeaderList& fields :
       {http::HeaderList{}, http::HeaderList{{"X-Vestibule-Proxy-Secret", "guess"}},
        http::HeaderList{{"X-Vestibule-Proxy-Secret", "between-us"},
                         {"X-Vestibule-Proxy-Secret", "between-us"}}}) {
    auto with = fields;
    with.add("X-Forwarded-Method", "POST");
    with.add("X-Forwarded-Uri", "/api/cart");
    EXPECT_EQ(browser.get("/guest/v1/forward-auth", with).status, 404);
  }
  EXPECT_EQ(world.count_users(), 0);
}

TEST_F(ForwardAuth, AnswersByTheRules) {
  const auto idle = ask("GET", "/products");
  EXPECT_EQ(idle.status, 200);
  EXPECT_FALSE(idle.headers.contains("Authorization"));
  EXPECT_FALSE(idle.headers.contains("Set-Cookie"));
  const auto bought = ask("POST", "/api/cart/items?x=1");
  EXPECT_EQ(bought.status, 200);
  ASSERT_TRUE(bought.headers.contains("Authorization"));
  EXPECT_EQ(bought.headers.count("Set-Cookie"), 1U);
  const std::string token(bought.headers.find("Authorization")->substr(7));
  EXPECT_EQ(world.issuer.parse(token, world.now())->subject, browser.subject());
  const auto next = ask("GET", "/products");
  EXPECT_TRUE(next.headers.contains("Authorization"));
  EXPECT_FALSE(next.headers.contains("Set-Cookie"));
  world.clock.advance(std::chrono::minutes(11));
  EXPECT_EQ(ask("GET", "/products").headers.count("Set-Cookie"), 1U);
}

TEST_F(ForwardAuth, TakesNoOtherHeaderFamily) {
  const http::HeaderList original{{"X-Vestibule-Proxy-Secret", "between-us"},
                                  {"X-Original-Method", "POST"},
                                  {"X-Original-URI", "/api/cart"}};
  EXPECT_EQ(browser.get("/guest/v1/forward-auth", original).status, 403);
  EXPECT_EQ(ask("GET", "/", {{"X-Original-URI", "/api/cart"}, {"X-Original-Method", "POST"}})
                .headers.contains("Authorization"),
            false);
}

TEST_F(ForwardAuth, RefusesWhatItCannotRead) {
  for (const char* uri : {"", "api/cart", "/a/../api/cart", "/api%2Fcart", "/api/%00cart",
                          "http://localhost:8080/api/cart"})
    EXPECT_EQ(ask("POST", uri).status, 403) << uri;
  EXPECT_EQ(ask("PO ST", "/api/cart").status, 403);
  EXPECT_EQ(ask("POST", "/api/cart", {{"X-Forwarded-Uri", "/"}}).status, 403);
  EXPECT_EQ(ask("POST", "/api/cart", {{"X-Forwarded-Host", "evil.example"}}).status, 403);
  EXPECT_EQ(ask("POST", "/api/cart", {{"X-Forwarded-Proto", "https"}}).status, 403);
  EXPECT_EQ(world.count_users(), 0);
  EXPECT_EQ(ask("POST", "/api/cart", {{"X-Forwarded-Host", "localhost:8080"}}).status, 200);
}

TEST_F(ForwardAuth, AForeignPageGetsNobodyMade) {
  browser.site = "cross-site";
  const auto answer = ask("POST", "/api/cart");
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.headers.contains("Authorization"));
  EXPECT_FALSE(answer.headers.contains("Set-Cookie"));
  EXPECT_EQ(world.count_users(), 0);
}

TEST_F(ForwardAuth, LimitsTheClientAndNotTheProxy) {
  int refused = 0;
  for (int i = 0; i < 31; ++i) {
    browser.jar.clear();
    if (ask("POST", "/api/cart").status == 429) ++refused;
  }
  EXPECT_EQ(refused, 1);
  browser.jar.clear();
  address = 2;
  EXPECT_EQ(ask("POST", "/api/cart").status, 200);
}

TEST(ForwardAuthOptions, TheJwtFormatIsRefused) {
  auto options = with_secret();
  options.cookie_format = CookieFormat::jwt;
  EXPECT_THROW(World(std::move(options)), std::invalid_argument);
}

}  // namespace
}  // namespace vestibule::gateway
