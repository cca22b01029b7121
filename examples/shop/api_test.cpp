#include "api.h"

#include <boost/json.hpp>
#include <string>

#include "fixture.h"
#include "jose/claims_writer.h"
#include "jose/signing_key.h"
#include "merging.h"
#include "pages.h"

namespace vestibule::shop {
namespace {

namespace json = boost::json;

/// The shop without its HTTP server: endpoints are plain functions of a request.
class ApiTest : public StoreTest {
 protected:
  jose::SigningKey key{jose::Algorithm::es256, jose::PrivateKey::generate(jose::Algorithm::es256)};
  Jwks jwks{"keys",
            [this](const std::string&) -> base::Result<std::string> {
              return jose::KeySet({{key.kid(), key.algorithm(), key.key().public_key()}}).to_json();
            },
            clock};
  WebhookReceiver webhooks{store, {}, clock};
  Shop shop{.store = store,
            .jwks = jwks,
            .policy = {"http://provider.example", "shop"},
            .webhooks = webhooks,
            .clock = clock,
            .mailbox_url = "",
            .provider_origin = "http://provider.example"};

  std::string token(std::string_view sub) {
    jose::ClaimsWriter writer;
    writer.text("iss", "http://provider.example")
        .text("sub", sub)
        .text("aud", "shop")
        .time("exp", clock.now() + base::Seconds{600});
    return jose::sign_compact(key, jose::TokenType::access_token, std::move(writer).finish());
  }
  http::Request request(std::string_view sub, std::string body = {},
                        std::string media_type = "application/json") {
    http::Request made;
    if (!sub.empty()) made.headers.add("Authorization", "Bearer " + token(sub));
    if (!body.empty()) made.headers.add("Content-Type", std::move(media_type));
    made.body = std::move(body);
    return made;
  }
  http::Response add(std::string_view sub, const std::string& body) {
    return add_item(shop, request(sub, body));
  }
  static json::object parse(const http::Response& response) {
    return json::parse(response.body).as_object();
  }
};

TEST_F(ApiTest, ReadingWithoutAnIdentityGivesWhatNobodyHas) {
  const auto cart = show_cart(shop, request(""));
  EXPECT_EQ(cart.status, 200);
  EXPECT_EQ(cart.body, R"({"items":[],"count":0,"total_cents":0})");
  EXPECT_EQ(list_orders(shop, request("")).body, R"({"items":[]})");
  EXPECT_EQ(list_products(shop, request("")).status, 200);
}

TEST_F(ApiTest, WritingWithoutAnIdentityIs401) {
  for (const auto& response :
       {add("", R"({"product_id":"vase"})"), order(shop, request("", "{}")),
        put_note(shop, request("", R"({"text":"x"})")), show_token(shop, request(""))}) {
    EXPECT_EQ(response.status, 401);
    EXPECT_EQ(parse(response)["error"], "no_identity");
    EXPECT_EQ(response.headers.find("WWW-Authenticate"), "Bearer");
  }
}

TEST_F(ApiTest, AnInvalidTokenIsNeverTakenForNobody) {
  auto bad = request("");
  bad.headers.add("Authorization", "Bearer " + token("7") + "x");
  const auto response = show_cart(shop, bad);
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(parse(response)["error"], "invalid_token");
  EXPECT_EQ(response.headers.find("WWW-Authenticate"), "Bearer error=\"invalid_token\"");
  auto basic = request("");
  basic.headers.add("Authorization", "Basic eDp5");
  EXPECT_EQ(show_cart(shop, basic).status, 401);
  auto twice = request("7");
  twice.headers.add("Authorization", "Bearer " + token("8"));
  EXPECT_EQ(show_cart(shop, twice).status, 401);
}

TEST_F(ApiTest, KeepsEachSubsCartApart) {
  EXPECT_EQ(add("7", R"({"product_id":"vase","quantity":2})").status, 200);
  EXPECT_EQ(add("8", R"({"product_id":"mug"})").status, 200);
  EXPECT_EQ(parse(show_cart(shop, request("7")))["count"], 2);
  EXPECT_EQ(parse(show_cart(shop, request("8")))["total_cents"], 1800);
}

TEST_F(ApiTest, RefusesBadInput) {
  const auto status = [&](const std::string& body) { return add("7", body).status; };
  EXPECT_EQ(status("{"), 400);
  EXPECT_EQ(status("[]"), 400);
  EXPECT_EQ(status("{}"), 404);
  EXPECT_EQ(status(R"({"product_id":"yacht"})"), 404);
  EXPECT_EQ(status(R"({"product_id":"vase","quantity":0})"), 422);
  EXPECT_EQ(status(R"({"product_id":"vase","quantity":-1})"), 422);
  EXPECT_EQ(status(R"({"product_id":"vase","quantity":100})"), 422);
  EXPECT_EQ(status(R"({"product_id":"vase","quantity":"2"})"), 422);
  EXPECT_EQ(status(R"({"product_id":"vase","quantity":1.5})"), 422);
  EXPECT_EQ(add_item(shop, request("7", "product_id=vase", "text/plain")).status, 400);
  EXPECT_EQ(parse(show_cart(shop, request("7")))["count"], 0);
}

TEST_F(ApiTest, ChangesAndRemovesLines) {
  add("7", R"({"product_id":"vase","quantity":2})");
  auto change = request("7", R"({"quantity":5})");
  change.parameters = {{"id", "vase"}};
  EXPECT_EQ(parse(change_item(shop, change))["count"], 5);
  change.body = R"({"quantity":0})";
  EXPECT_EQ(change_item(shop, change).status, 422);
  change.body = "{}";
  EXPECT_EQ(remove_item(shop, change).status, 200);
  change.body = R"({"quantity":5})";
  EXPECT_EQ(change_item(shop, change).status, 404);
}

TEST_F(ApiTest, TakesFormsAndSendsTheBrowserOn) {
  const std::string form = "application/x-www-form-urlencoded";
  const auto added = add_item(shop, request("7", "product_id=vase&quantity=3", form));
  EXPECT_EQ(added.status, 303);
  EXPECT_EQ(added.headers.find("Location"), "/cart");
  auto change = request("7", "quantity=0", form);
  change.parameters = {{"id", "vase"}};
  EXPECT_EQ(change_item(shop, change).status, 303);
  EXPECT_EQ(parse(show_cart(shop, request("7")))["count"], 0);
  const auto refused = add_item(shop, request("7", "product_id=yacht", form));
  EXPECT_EQ(refused.status, 404);
  EXPECT_NE(refused.body.find("<html"), std::string::npos);
}

TEST_F(ApiTest, OrdersWhatIsInTheCart) {
  add("7", R"({"product_id":"vase","quantity":2})");
  const auto placed =
      order(shop, request("7", R"({"name":"Ada","address":"1 Road","note":"Happy birthday"})"));
  EXPECT_EQ(placed.status, 201);
  EXPECT_EQ(parse(placed)["note"], "Happy birthday");
  EXPECT_EQ(parse(show_cart(shop, request("7")))["count"], 0);
  EXPECT_EQ(parse(list_orders(shop, request("7")))["items"].as_array().size(), 1U);
  EXPECT_EQ(order(shop, request("7", R"({"name":"Ada","address":"1 Road"})")).status, 409);
}

TEST_F(ApiTest, ShowsTheTokenWithoutItsSignature) {
  const auto response = show_token(shop, request("7"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(parse(response)["claims"].as_object()["sub"], "7");
  EXPECT_EQ(parse(response)["header"].as_object()["typ"], "at+jwt");
  EXPECT_EQ(parse(response).size(), 2U);
  EXPECT_EQ(response.headers.find("Cache-Control"), "private, no-store");
}

TEST_F(ApiTest, RefusesALateWriteOfAMergedSub) {
  auto transaction = store.write();
  ASSERT_TRUE(take_over(transaction, {"m1", "7", "8"}, MergeRule::sum, clock.now()));
  transaction.commit();
  const auto late = add("7", R"({"product_id":"vase"})");
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(parse(late)["error"], "merged");
}

TEST_F(ApiTest, PagesComeCompleteFromTheServer) {
  add("7", R"({"product_id":"vase","quantity":2})");
  const auto cart = cart_page(shop, request("7"));
  EXPECT_EQ(cart.status, 200);
  EXPECT_NE(cart.body.find("data-testid=\"cart-line-vase\""), std::string::npos);
  EXPECT_NE(cart.body.find("data-count=\"2\""), std::string::npos);
  EXPECT_EQ(cart.headers.find("Cache-Control"), "private, no-store");
  const auto policy = cart.headers.find("Content-Security-Policy").value_or("");
  EXPECT_EQ(policy.find("unsafe"), std::string_view::npos);
  EXPECT_NE(policy.find("form-action 'self' http://provider.example;"), std::string_view::npos);
  EXPECT_EQ(home_page(shop, request("")).status, 200);
  EXPECT_EQ(checkout_page(shop, request("7")).status, 200);
  EXPECT_EQ(orders_page(shop, request("7")).status, 200);
}

TEST_F(ApiTest, PagesAboutSomebodysThingsDoNotGuess) {
  auto bad = request("");
  bad.headers.add("Authorization", "Bearer nonsense");
  EXPECT_EQ(home_page(shop, bad).status, 200);
  EXPECT_EQ(cart_page(shop, bad).status, 401);
}

TEST_F(ApiTest, RemembersWhatWasLookedAt) {
  auto look = request("7");
  look.parameters = {{"id", "vase"}};
  EXPECT_EQ(product_page(shop, look).status, 200);
  EXPECT_EQ(list_views(shop, request("7")).body, R"({"items":["vase"]})");
  look.parameters = {{"id", "yacht"}};
  EXPECT_EQ(product_page(shop, look).status, 404);
}

TEST_F(ApiTest, StaticFilesAreAskedForOnlyOnce) {
  auto ask = request("");
  ask.parameters = {{"*", "shop.css"}};
  const auto first = static_file(shop, ask);
  EXPECT_EQ(first.status, 200);
  ask.headers.add("If-None-Match", std::string(first.headers.find("ETag").value()));
  EXPECT_EQ(static_file(shop, ask).status, 304);
  ask.parameters = {{"*", "../pages/cart.html"}};
  EXPECT_EQ(static_file(shop, ask).status, 404);
}

}  // namespace
}  // namespace vestibule::shop
