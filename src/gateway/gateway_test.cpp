#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include <future>

#include "gateway/world.h"

namespace vestibule::gateway {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* ada =
    R"({"given_name":"Ada","family_name":"Lovelace","email":"ada@example.org",)"
    R"("password":"correct horse battery staple 42"})";

std::string token_of(const http::testing::Answer& answer) {
  const auto at = answer.body.find("Authorization: Bearer ");
  if (at == std::string::npos) return {};
  return answer.body.substr(at + 22, answer.body.find("\r\n", at) - at - 22);
}

TEST(Gateway, LookingAroundCostsNothingButATicket) {
  World world;
  Browser browser(world);
  const auto answer = browser.get("/guest/v1/session");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"signed_in":false})");
  EXPECT_EQ(answer.headers.find("Cache-Control"), "private, no-store");
  ASSERT_EQ(browser.jar.size(), 1U);
  EXPECT_TRUE(browser.jar.contains("vestibule-ticket"));
  const auto ticket = browser.jar.at("vestibule-ticket");
  browser.get("/guest/v1/session");
  browser.get("/");
  EXPECT_EQ(browser.jar.at("vestibule-ticket"), ticket);
  EXPECT_EQ(world.count_users(), 0);
}

TEST(Gateway, ASessionIsOpenedOnceAndErased) {
  World world;
  Browser browser(world);
  const auto opened = browser.post_json("/guest/v1/session");
  EXPECT_EQ(opened.status, 201);
  EXPECT_NE(opened.body.find(R"("signed_in":true)"), std::string::npos);
  EXPECT_NE(opened.body.find(R"("kind":"guest")"), std::string::npos);
  EXPECT_EQ(opened.body.find("eyJ"), std::string::npos);
  const auto again = browser.post_json("/guest/v1/session");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(Browser::member(again, "sub"), Browser::member(opened, "sub"));
  EXPECT_EQ(world.count_users(), 1);

  const auto old = browser.jar;
  EXPECT_EQ(browser.ask("DELETE", "/guest/v1/session").status, 204);
  EXPECT_EQ(world.count_users(), 0);
  EXPECT_TRUE(browser.jar.empty());
  browser.jar = old;
  EXPECT_EQ(browser.subject(), "");
  EXPECT_EQ(browser.ask("DELETE", "/guest/v1/session").status, 401);
}

TEST(Gateway, ADoubleClickMakesOneGuest) {
  World world;
  Browser browser(world);
  browser.get("/guest/v1/session");
  std::vector<std::future<http::testing::Answer>> clicks;
  for (int i = 0; i < 8; ++i)
    clicks.push_back(std::async(std::launch::async, [&world, jar = browser.jar] {
      Browser tab(world);
      tab.jar = jar;
      return tab.post_json("/api/cart/items", "{}");
    }));
  for (auto& click : clicks) {
    const auto answer = click.get();
    EXPECT_EQ(answer.status, 200);
    EXPECT_FALSE(token_of(answer).empty());
  }
  EXPECT_EQ(world.count_users(), 1);
}

TEST(Gateway, AUsedTicketLeadsNowhereAfterAMinute) {
  World world;
  Browser browser(world);
  browser.get("/guest/v1/session");
  const auto ticket = browser.jar;
  browser.post_json("/guest/v1/session");
  const auto first = browser.subject();
  world.clock.advance(seconds(61));
  Browser replay(world);
  replay.jar = ticket;
  EXPECT_EQ(replay.post_json("/guest/v1/session").status, 201);
  EXPECT_NE(replay.subject(), first);
}

TEST(Gateway, AHighIntentActionIsForwardedWithAToken) {
  World world;
  Browser browser(world);
  const auto idle = browser.get("/products?q=1", {{"Authorization", "Bearer forged"}});
  EXPECT_EQ(idle.status, 200);
  EXPECT_TRUE(idle.body.starts_with("GET /products?q=1 HTTP/1.1"));
  EXPECT_EQ(idle.body.find("uthorization"), std::string::npos);
  EXPECT_TRUE(browser.jar.empty());

  const auto added = browser.post_json("/api/cart/items", "{}");
  EXPECT_EQ(added.headers.find("Cache-Control"), "private, no-store");
  EXPECT_TRUE(browser.jar.contains("vestibule"));
  EXPECT_EQ(added.body.find("vestibule="), std::string::npos);
  const auto token = world.issuer.parse(token_of(added), world.now());
  ASSERT_TRUE(token);
  EXPECT_EQ(token->subject, browser.subject());
  EXPECT_EQ(token->audience, std::vector<std::string>{"http://localhost:8080"});
  ASSERT_TRUE(token->actor);
  EXPECT_EQ(token->actor->subject, base::to_string(World::service));
  EXPECT_EQ(token->expires_at - token->issued_at, minutes(10));
  const auto next = browser.get("/products");
  EXPECT_EQ(token_of(next), token_of(added));
  EXPECT_FALSE(next.headers.contains("Set-Cookie"));
}

TEST(Gateway, AForeignPageNeverProvisionsNorSetsACookie) {
  World world;
  Browser browser(world);
  for (const char* site : {"cross-site", "same-site", "none"}) {
    browser.site = site;
    for (const auto& answer :
         {browser.post_json("/api/cart/items", "{}"), browser.get("/"),
          browser.get("/guest/v1/session"), browser.get("/guest/v1/login?return_to=/")}) {
      EXPECT_EQ(answer.status, 200) << site;
      EXPECT_FALSE(answer.headers.contains("Set-Cookie")) << site;
    }
  }
  browser.site = "same-origin";
  const auto answer =
      browser.ask("POST", "/api/cart/items", "", {{"Origin", "http://evil.example"}});
  EXPECT_FALSE(answer.headers.contains("Set-Cookie"));
  EXPECT_EQ(world.count_users(), 0);
}

TEST(Gateway, EveryStateChangingCallRefusesForeignPages) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  const auto jar = browser.jar;
  for (const auto& [method, target] :
       std::vector<std::pair<std::string, std::string>>{{"POST", "/guest/v1/session"},
                                                        {"DELETE", "/guest/v1/session"},
                                                        {"POST", "/guest/v1/upgrade"},
                                                        {"POST", "/guest/v1/login"},
                                                        {"POST", "/guest/v1/logout"},
                                                        {"POST", "/guest/v1/choice"}}) {
    for (const http::HeaderList& fields :
         {http::HeaderList{{"Sec-Fetch-Site", "cross-site"}},
          http::HeaderList{{"Sec-Fetch-Site", "none"}},
          http::HeaderList{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://evil.example"}}}) {
      const auto answer = browser.ask(method, target, "{}", fields);
      EXPECT_EQ(answer.status, 403) << target;
      EXPECT_EQ(Browser::member(answer, "error"), "cross_site");
    }
  }
  EXPECT_EQ(browser.jar, jar);
  EXPECT_EQ(world.count_users(), 1);
}

TEST(Gateway, GuestsPerAddressAreLimited) {
  World world;
  int refused = 0;
  for (int i = 0; i < 32; ++i) {
    Browser browser(world);
    const auto answer = browser.post_json("/guest/v1/session");
    if (answer.status == 429) {
      ++refused;
      EXPECT_TRUE(answer.headers.contains("Retry-After"));
    }
  }
  EXPECT_EQ(world.count_users(), 30);
  EXPECT_EQ(refused, 2);
  Browser browser(world);
  EXPECT_EQ(browser.post_json("/api/cart", "{}").status, 429);
  world.clock.advance(seconds(2));
  EXPECT_EQ(browser.post_json("/api/cart", "{}").status, 200);
}

TEST(Gateway, ATokenIsRenewedSilentlyAndTabsShareIt) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  const auto subject = browser.subject();
  const auto first = browser.jar;
  world.clock.advance(minutes(11));
  const auto renewed = browser.get("/products");
  EXPECT_FALSE(token_of(renewed).empty());
  EXPECT_NE(browser.jar, first);
  Browser tab(world);
  tab.jar = first;
  world.clock.advance(seconds(29));
  EXPECT_FALSE(token_of(tab.get("/products")).empty());
  EXPECT_EQ(tab.subject(), subject);
  EXPECT_EQ(browser.subject(), subject);
}

TEST(Gateway, AGuestComesBackAfterDays) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  const auto subject = browser.subject();
  for (int i = 0; i < 4; ++i) {
    world.clock.advance(std::chrono::hours(24 * 20));
    EXPECT_EQ(browser.subject(), subject);
  }
  world.clock.advance(std::chrono::hours(24 * 31));
  EXPECT_EQ(browser.subject(), "");
}

TEST(Gateway, AReusedHandleEndsTheSession) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  Browser thief(world);
  thief.jar = browser.jar;
  world.clock.advance(minutes(11));
  browser.get("/products");
  world.clock.advance(seconds(31));
  const auto answer = thief.get("/products");
  EXPECT_TRUE(token_of(answer).empty());
  EXPECT_TRUE(thief.jar.empty());
  EXPECT_EQ(browser.subject(), "");
}

TEST(Gateway, ALinkFromElsewhereIsForwardedWithAFreshTokenAndNoCookie) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  world.clock.advance(std::chrono::hours(50));
  browser.site = "cross-site";
  const auto answer = browser.get("/products");
  EXPECT_TRUE(world.issuer.parse(token_of(answer), world.now()));
  EXPECT_FALSE(answer.headers.contains("Set-Cookie"));
  browser.site = "same-origin";
  EXPECT_TRUE(browser.get("/products").headers.contains("Set-Cookie"));
}

TEST(Gateway, ATicketComesWithUncacheablePagesOnly) {
  World world;
  const http::HeaderList navigation{
      {"Sec-Fetch-Mode", "navigate"}, {"Sec-Fetch-Dest", "document"}, {"Accept", "text/html"}};
  Browser browser(world);
  EXPECT_FALSE(browser.get("/cached", navigation).headers.contains("Set-Cookie"));
  EXPECT_FALSE(browser.get("/page").headers.contains("Set-Cookie"));
  const auto answer = browser.get("/page", navigation);
  EXPECT_TRUE(browser.jar.contains("vestibule-ticket"));
  EXPECT_EQ(answer.headers.find("Cache-Control"), "private, no-store");
}

TEST(Gateway, TheUpstreamCannotSetOurCookies) {
  World world;
  Browser browser(world);
  browser.get("/forging");
  EXPECT_EQ(browser.jar, (std::map<std::string, std::string>{{"theirs", "1"}}));
}

TEST(Gateway, AnUpstreamThatIsDownLosesNothing) {
  World world;
  world.server.server->stop(seconds(1));
  world.server.site.fallback = world.gateway->proxy(world.dead_pool);
  http::testing::TestServer second;
  second.site.router = std::move(world.server.site.router);
  second.site.fallback = world.gateway->proxy(world.dead_pool);
  second.start();
  const auto answer = second.ask(
      "POST /api/cart HTTP/1.1\r\nHost: localhost:8080\r\nSec-Fetch-Site: same-origin\r\n"
      "Accept: text/html\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(answer.status, 502);
  EXPECT_TRUE(answer.headers.contains("Set-Cookie"));
  EXPECT_NE(answer.body.find("<h1>"), std::string::npos);
  EXPECT_EQ(world.count_users(), 1);
  // The writer has let go of what it answered when it has done the next unit.
  second.server->stop(seconds(1));
  world.store->write([](store::Transaction&) {});
}

TEST(Gateway, AWebsocketOfAnotherOriginIsRefused) {
  World world;
  Browser browser(world);
  const http::HeaderList upgrade{{"Connection", "Upgrade"}, {"Upgrade", "websocket"}};
  EXPECT_EQ(browser.get("/live", upgrade).status, 403);
  auto foreign = upgrade;
  foreign.add("Origin", "http://evil.example");
  EXPECT_EQ(browser.get("/live", foreign).status, 403);
  auto own = upgrade;
  own.add("Origin", world_origin);
  EXPECT_EQ(browser.get("/live", own).status, 200);
}

TEST(Gateway, UnknownCallsAreNotProxied) {
  World world;
  Browser browser(world);
  for (const char* target : {"/guest/v1", "/guest/v1/", "/guest/v1/nothing", "/guest/v1/a/b"}) {
    const auto answer = browser.get(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(Browser::member(answer, "error"), "not_found");
  }
  const auto answer = browser.ask("PUT", "/guest/v1/session");
  EXPECT_EQ(answer.status, 405);
  EXPECT_TRUE(answer.headers.contains("Allow"));
  EXPECT_EQ(Browser::member(answer, "error"), "method_not_allowed");
}

TEST(Gateway, UpgradeKeepsTheSubjectAndKillsTheOldCookie) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  const auto subject = browser.subject();
  const auto old = browser.jar;
  const auto answer = browser.post_json("/guest/v1/upgrade", ada);
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(Browser::member(answer, "sub"), subject);
  EXPECT_EQ(Browser::member(answer, "kind"), "account");
  EXPECT_EQ(Browser::member(answer, "email"), "ada@example.org");
  EXPECT_NE(answer.body.find(R"("email_verified":false)"), std::string::npos);
  EXPECT_EQ(browser.subject(), subject);
  const auto token = world.issuer.parse(token_of(browser.get("/")), world.now());
  ASSERT_TRUE(token);
  EXPECT_FALSE(token->actor);
  EXPECT_EQ(token->acr, "1");
  Browser thief(world);
  thief.jar = old;
  EXPECT_EQ(thief.subject(), "");
  EXPECT_EQ(browser.ask("DELETE", "/guest/v1/session").status, 409);
  EXPECT_EQ(browser.post_json("/guest/v1/upgrade", ada).status, 409);
}

TEST(Gateway, UpgradeTellsWhatIsWrongPerField) {
  World world;
  Browser browser(world);
  EXPECT_EQ(browser.post_json("/guest/v1/upgrade", ada).status, 401);
  browser.post_json("/guest/v1/session");
  const auto empty = browser.post_json("/guest/v1/upgrade", "{}");
  EXPECT_EQ(empty.status, 422);
  for (const char* field : {"given_name", "family_name", "email", "password"})
    EXPECT_FALSE(Browser::member(empty, field).empty()) << field;
  const auto weak = browser.post_json(
      "/guest/v1/upgrade",
      R"({"given_name":"A","family_name":"L","email":"nobody","password":"password"})");
  EXPECT_EQ(weak.status, 422);
  EXPECT_TRUE(Browser::member(weak, "given_name").empty());
  EXPECT_FALSE(Browser::member(weak, "email").empty());
  EXPECT_FALSE(Browser::member(weak, "password").empty());
  for (const char* body : {"[]", "{", "{\"email\":{}}", "\"x\""})
    EXPECT_EQ(browser.post_json("/guest/v1/upgrade", body).status, 400) << body;
  EXPECT_EQ(browser.ask("POST", "/guest/v1/upgrade", "x", {{"Content-Type", "text/plain"}}).status,
            400);
  const auto form = browser.post_form("/guest/v1/upgrade", "given_name=Ada");
  EXPECT_EQ(form.status, 422);
  EXPECT_NE(form.body.find("<li>password"), std::string::npos);
}

TEST(Gateway, UpgradeByFormGoesBackToThePage) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  const auto answer =
      browser.post_form("/guest/v1/upgrade",
                        "given_name=Ada&family_name=Lovelace&email=ada%40example.org&"
                        "password=correct+horse+battery+staple+42&return_to=%2Fcheckout");
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(answer.headers.find("Location"), "/checkout");
}

TEST(Gateway, UpgradeOfAPurgedGuestSaysSo) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  world.store->write([&](store::Transaction& tx) {
    const auto later = world.now() + std::chrono::hours(48);
    guests::PurgeCursor cursor;
    const guests::PurgeGroup group{guests::list_guest_clients(tx).at(0), later};
    world.guests.purge(tx, guests::find_purgeable(tx, group, cursor, 10), later, later);
  });
  ASSERT_EQ(world.count_users(), 0);
  const auto answer = browser.post_json("/guest/v1/upgrade", ada);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(Browser::member(answer, "error"), "guest_gone");
  EXPECT_FALSE(browser.jar.contains("vestibule"));
}

TEST(Gateway, LogoutEndsTheSession) {
  World world;
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  const auto old = browser.jar;
  EXPECT_EQ(browser.post_json("/guest/v1/logout").status, 204);
  EXPECT_TRUE(browser.jar.empty());
  browser.jar = old;
  EXPECT_TRUE(token_of(browser.get("/products")).empty());
  EXPECT_EQ(browser.post_json("/guest/v1/logout", R"({"a":"x:\"y","\u0061":null})").status, 400);
  const auto malformed = browser.post_form("/guest/v1/logout", "return_to=%zz");
  EXPECT_EQ(malformed.status, 400);
  EXPECT_NE(malformed.body.find("\"error\":\"body\""), std::string::npos);
  const auto form = browser.post_form("/guest/v1/logout", "return_to=//evil.example");
  EXPECT_EQ(form.status, 303);
  EXPECT_EQ(form.headers.find("Location"), "/");
}

TEST(Gateway, TheTimelineTellsWhatHappened) {
  World world;
  Browser browser(world);
  EXPECT_EQ(browser.get("/guest/v1/timeline").status, 401);
  browser.post_json("/guest/v1/session");
  world.clock.advance(minutes(11));
  browser.get("/");
  browser.post_json("/guest/v1/upgrade", ada);
  const auto answer = browser.get("/guest/v1/timeline");
  EXPECT_EQ(answer.status, 200);
  std::size_t at = 0;
  for (const char* type : {"\"provisioned\"", "\"exchanged\"", "\"renewed\"", "\"upgraded\""}) {
    at = answer.body.find(type, at);
    EXPECT_NE(at, std::string::npos) << type;
  }
}

TEST(Gateway, TheJwtFormatShowsTheTokenToTheBackendOnly) {
  GatewayOptions options;
  options.cookie_format = CookieFormat::jwt;
  World world(std::move(options));
  Browser browser(world);
  browser.post_json("/guest/v1/session");
  ASSERT_TRUE(browser.jar.contains("vestibule-refresh"));
  EXPECT_TRUE(world.issuer.parse(browser.jar.at("vestibule"), world.now()));
  const auto subject = browser.subject();
  world.clock.advance(minutes(20));
  EXPECT_EQ(browser.subject(), subject);
  EXPECT_TRUE(world.issuer.parse(browser.jar.at("vestibule"), world.now()));
}

}  // namespace
}  // namespace vestibule::gateway
