#include <gtest/gtest.h>

#include "base/crypto.h"
#include "base/encoding.h"
#include "gateway/world.h"

namespace vestibule::gateway {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class SignIn : public testing::Test {
 protected:
  explicit SignIn(std::vector<events::Application> applications = {})
      : world({}, std::move(applications)), browser(world) {
    Browser elsewhere(world);
    elsewhere.post_json("/guest/v1/session");
    elsewhere.post_json("/guest/v1/upgrade",
                        R"({"given_name":"Ada","family_name":"Lovelace","email":"ada@example.org",)"
                        R"("password":"correct horse battery staple 42"})");
    account = elsewhere.subject();
    world.clock.advance(minutes(2));
  }

  std::string become_guest() {
    browser.post_json("/guest/v1/session");
    return browser.subject();
  }
  /// The authorization request that POST login sends the browser to.
  std::string begin(const std::string& form) {
    const auto answer = browser.post_form("/guest/v1/login", form);
    EXPECT_EQ(answer.status, 303);
    return std::string(answer.headers.find("Location").value_or(""));
  }
  http::testing::Answer come_back(const std::string& target) {
    browser.site = "cross-site";
    auto answer = browser.get(target);
    browser.site = "same-origin";
    return answer;
  }
  http::testing::Answer sign_in(const std::string& form) {
    const auto location = begin(form);
    world.clock.advance(seconds(5));
    return come_back(world.sign_in_at_provider(location, account));
  }

  World world;
  Browser browser;
  std::string account;
};

TEST_F(SignIn, SendsACompleteAuthorizationRequest) {
  const auto location = begin("return_to=/cart&login_hint=ada%40example.org");
  ASSERT_TRUE(location.starts_with("http://127.0.0.1:8081/oauth/v2/authorize?"));
  const auto query = http::Form::parse(location.substr(location.find('?') + 1)).value();
  EXPECT_EQ(query.get("response_type"), "code");
  EXPECT_EQ(query.get("client_id"), "13");
  EXPECT_EQ(query.get("redirect_uri"), world_callback);
  EXPECT_EQ(query.get("code_challenge_method"), "S256");
  EXPECT_EQ(query.get("code_challenge").size(), 43U);
  EXPECT_EQ(query.get("login_hint"), "ada@example.org");
  EXPECT_GE(query.get("state").size(), 43U);
  EXPECT_GE(query.get("nonce").size(), 43U);
  EXPECT_FALSE(query.find("prompt"));
  EXPECT_TRUE(browser.jar.contains("vestibule-login"));
  become_guest();
  EXPECT_NE(begin("merge=1").find("prompt=login"), std::string::npos);
}

TEST_F(SignIn, AScriptIsToldWhereToGo) {
  const auto answer = browser.post_json("/guest/v1/login", R"({"return_to":"/cart"})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(Browser::member(answer, "location").starts_with("http://127.0.0.1:8081/"));
}

TEST_F(SignIn, OfAVisitorWithoutASession) {
  const auto answer = sign_in("return_to=%2Fcart%3Fa%3D1");
  EXPECT_EQ(answer.status, 303);
  EXPECT_EQ(answer.headers.find("Location"), "/cart?a=1");
  EXPECT_EQ(browser.subject(), account);
  EXPECT_FALSE(browser.jar.contains("vestibule-login"));
}

TEST_F(SignIn, GoesBackToOwnPathsOnly) {
  for (const char* wish : {"//evil.example", "https%3A%2F%2Fevil.example", "%2Fguest%2Fv1%2Flogout",
                           "%2F%5Cevil.example", "cart"})
    EXPECT_EQ(sign_in(std::string("return_to=") + wish).headers.find("Location"), "/") << wish;
}

TEST_F(SignIn, WithTheIntentMergesInOneStep) {
  const auto guest = become_guest();
  const auto old = browser.jar;
  const auto answer = sign_in("merge=1&return_to=/cart");
  EXPECT_EQ(answer.headers.find("Location"), "/cart");
  EXPECT_EQ(browser.subject(), account);
  // No application holds data, so that the merge is done at once.
  EXPECT_FALSE(world.find(guest));
  browser.jar = old;
  EXPECT_EQ(browser.subject(), "");
}

TEST_F(SignIn, WithoutTheIntentAsks) {
  const auto guest = become_guest();
  const auto answer = sign_in("return_to=/cart");
  EXPECT_EQ(answer.headers.find("Location"), "/guest/v1/choice");
  EXPECT_TRUE(world.find(guest));
  const auto page = come_back("/guest/v1/choice");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("value=\"merge\""), std::string::npos);
  EXPECT_EQ(browser.post_form("/guest/v1/choice", "choice=everything").status, 422);
  const auto chosen = browser.post_form("/guest/v1/choice", "choice=merge");
  EXPECT_EQ(chosen.status, 303);
  EXPECT_EQ(chosen.headers.find("Location"), "/cart");
  EXPECT_FALSE(world.find(guest));
  EXPECT_EQ(browser.subject(), account);
  EXPECT_EQ(browser.post_form("/guest/v1/choice", "choice=discard").status, 401);
}

TEST_F(SignIn, TheGuestsOldCookieIsWorthNothingWhileItIsAskedAbout) {
  const auto guest = become_guest();
  const auto old = browser.jar.at("vestibule");
  sign_in("");
  Browser thief(world);
  thief.jar["vestibule"] = old;
  EXPECT_EQ(thief.subject(), "");
  EXPECT_TRUE(world.find(guest));
  EXPECT_EQ(browser.post_form("/guest/v1/choice", "choice=merge").status, 303);
  EXPECT_FALSE(world.find(guest));
}

TEST_F(SignIn, AGuestIsKeptOrDiscardedOnWish) {
  const auto kept = become_guest();
  sign_in("");
  EXPECT_EQ(browser.post_form("/guest/v1/choice", "choice=keep").status, 303);
  EXPECT_TRUE(world.find(kept));
  browser.post_form("/guest/v1/logout", "");
  const auto discarded = become_guest();
  sign_in("");
  EXPECT_EQ(browser.post_form("/guest/v1/choice", "choice=discard").status, 303);
  EXPECT_FALSE(world.find(discarded));
  EXPECT_EQ(browser.subject(), account);
}

TEST_F(SignIn, AnAccountThatThisBrowserHasJustMadeIsMergedAfterConfirmationOnly) {
  const auto fresh = become_guest();
  browser.post_json("/guest/v1/upgrade",
                    R"({"given_name":"Ada","family_name":"L","email":"ada2@example.org",)"
                    R"("password":"correct horse battery staple 42"})");
  const auto answer = sign_in("merge=1&return_to=/cart");
  EXPECT_EQ(answer.headers.find("Location"), "/guest/v1/choice");
  EXPECT_TRUE(world.find(fresh));
  EXPECT_EQ(browser.post_form("/guest/v1/choice", "choice=merge").status, 303);
  EXPECT_FALSE(world.find(fresh));
  EXPECT_EQ(browser.subject(), account);
}

TEST_F(SignIn, AnAccountIsNotDiscarded) {
  const auto fresh = become_guest();
  browser.post_json("/guest/v1/upgrade",
                    R"({"given_name":"Ada","family_name":"L","email":"ada2@example.org",)"
                    R"("password":"correct horse battery staple 42"})");
  sign_in("");
  EXPECT_EQ(browser.post_form("/guest/v1/choice", "choice=discard").status, 409);
  EXPECT_TRUE(world.find(fresh));
}

TEST_F(SignIn, TheChoiceBelongsToTheBrowserThatWasAsked) {
  const auto guest = become_guest();
  sign_in("");
  const auto choice = browser.jar.at("vestibule-choice");
  Browser other(world);
  other.post_json("/guest/v1/session");
  other.jar["vestibule-choice"] = choice;
  EXPECT_EQ(other.post_form("/guest/v1/choice", "choice=discard").status, 401);
  EXPECT_TRUE(world.find(guest));
}

TEST_F(SignIn, TheIntentDiesWithItsSession) {
  become_guest();
  const auto location = begin("merge=1");
  browser.post_form("/guest/v1/logout", "");
  const auto other = become_guest();
  world.clock.advance(seconds(5));
  const auto answer = come_back(world.sign_in_at_provider(location, account));
  EXPECT_EQ(answer.headers.find("Location"), "/guest/v1/choice");
  EXPECT_TRUE(world.find(other));
}

TEST_F(SignIn, ACallbackHasToMatchItsLoginCookie) {
  const auto location = begin("");
  const auto target = world.sign_in_at_provider(location, account);
  Browser stranger(world);
  const auto strange = stranger.get(target);
  EXPECT_EQ(strange.status, 400);
  EXPECT_FALSE(strange.headers.contains("Set-Cookie"));
  for (const auto& forged :
       {std::string("/guest/v1/callback"), std::string("/guest/v1/callback?code=x"), target + "x",
        target + "&state=y", target + "&code=y"}) {
    const auto answer = come_back(forged);
    EXPECT_EQ(answer.status, 400) << forged;
    EXPECT_FALSE(answer.headers.contains("Set-Cookie"));
  }
  const auto login = browser.jar;
  EXPECT_EQ(come_back(target).status, 303);
  browser.jar = login;
  EXPECT_EQ(come_back(target).status, 400);
  EXPECT_EQ(browser.subject(), "");
}

TEST_F(SignIn, AnotherBrowsersCodeDoesNotFit) {
  const auto mine = begin("");
  const auto state =
      mine.substr(mine.find("state="), mine.find('&', mine.find("state=")) - mine.find("state="));
  Browser attacker(world);
  const auto theirs = attacker.post_form("/guest/v1/login", "");
  const auto injected =
      world.sign_in_at_provider(std::string(*theirs.headers.find("Location")), account);
  const auto answer = come_back(injected.substr(0, injected.find("state=")) + state);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(browser.subject(), "");
}

TEST_F(SignIn, AfterTenMinutesItIsTooLate) {
  const auto location = begin("");
  world.clock.advance(minutes(10));
  EXPECT_EQ(come_back(world.sign_in_at_provider(location, account)).status, 400);
}

TEST_F(SignIn, AForcedSignInIsNoOlderThanItsStart) {
  become_guest();
  const auto location = begin("merge=1");
  world.clock.advance(-seconds(30));
  const auto target = world.sign_in_at_provider(location, account);
  world.clock.advance(seconds(30));
  EXPECT_EQ(come_back(target).status, 400);
}

TEST_F(SignIn, ARefusalAtTheProviderIsTold) {
  const auto location = begin("return_to=/cart");
  const auto query = http::Form::parse(location.substr(location.find('?') + 1)).value();
  const auto answer =
      come_back("/guest/v1/callback?error=access_denied&state=" + query.get("state"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("href=\"/cart\""), std::string::npos);
  EXPECT_FALSE(browser.jar.contains("vestibule-login"));
}

TEST_F(SignIn, BegunElsewhereAsksFirst) {
  browser.site = "cross-site";
  const auto page = browser.get("/guest/v1/login?return_to=%2F%22%3E%3Cscript%3E");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body.find("<script>"), std::string::npos);
  EXPECT_NE(page.headers.find("Content-Security-Policy")->find("http://127.0.0.1:8081"),
            std::string_view::npos);
  browser.site = "same-origin";
  EXPECT_EQ(browser.get("/guest/v1/login?return_to=/cart").status, 303);
}

TEST_F(SignIn, LogoutEndsTheProvidersSessionToo) {
  sign_in("");
  browser.post_json("/guest/v1/logout");
  static const store::Statement statement{"test.sessions",
                                          "select count(*) from sessions where kind = 2"};
  EXPECT_EQ(world.store->read([&](store::Transaction& tx) {
    auto rows = tx.query(statement);
    rows.next();
    return rows.integer(0);
  }),
            0);
}

TEST_F(SignIn, IsLimitedPerAddress) {
  int refused = 0;
  for (int i = 0; i < 31; ++i)
    if (browser.post_form("/guest/v1/login", "").status == 429) ++refused;
  EXPECT_GE(refused, 1);
}

events::Application pulling_shop() {
  events::Application shop;
  shop.name = "shop";
  shop.service_account = World::service;
  return shop;
}

class SignInWithAnApplication : public SignIn {
 protected:
  SignInWithAnApplication() : SignIn({pulling_shop()}) {}
};

TEST_F(SignInWithAnApplication, TheGuestStaysUntilTheApplicationHasItsData) {
  const auto guest = become_guest();
  EXPECT_EQ(sign_in("merge=1&return_to=/cart").headers.find("Location"), "/cart");
  EXPECT_TRUE(world.find(guest));
  Browser backend(world);
  const http::HeaderList bearer{{"Authorization", "Bearer " + world.service_token}};
  const auto list = backend.get("/guest/v1/merges?state=pending", bearer);
  EXPECT_EQ(list.status, 200);
  EXPECT_EQ(Browser::member(list, "from"), guest);
  EXPECT_EQ(Browser::member(list, "to"), account);
  const auto path = "/guest/v1/merges/" + Browser::member(list, "merge_id") + "/ack";
  EXPECT_EQ(backend.ask("POST", path).status, 401);
  EXPECT_EQ(
      backend.ask("POST", path, "", {{"Authorization", "Bearer " + world.roleless_token}}).status,
      403);
  for (int i = 0; i < 2; ++i) {
    const auto acked = backend.ask("POST", path, "", bearer);
    EXPECT_EQ(acked.status, 200);
    EXPECT_EQ(Browser::member(acked, "state"), "done");
  }
  EXPECT_FALSE(world.find(guest));
  const auto alias = backend.get("/guest/v1/aliases/" + guest, bearer);
  EXPECT_EQ(Browser::member(alias, "became"), account);
  EXPECT_EQ(backend.get("/guest/v1/aliases/" + account, bearer).status, 404);
  EXPECT_EQ(backend.ask("POST", "/guest/v1/merges/99/ack", "", bearer).status, 404);
  EXPECT_EQ(backend.get("/guest/v1/merges", bearer).status, 400);
}

}  // namespace
}  // namespace vestibule::gateway
