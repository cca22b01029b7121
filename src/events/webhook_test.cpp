#include "events/webhook.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "events/outbox.h"

namespace vestibule::events {
namespace {

constexpr std::string_view merge_event =
    R"({"type":"guest.merge_requested","data":{"merge_id":"77","source_sub":"1"}})";

Verdict answer(std::string_view type, int status, std::string body = {}) {
  return judge(type, merge_event, http::OutgoingResponse{status, {}, std::move(body)});
}

// The example of the Standard Webhooks specification's reference libraries.
TEST(Webhook, is_signed_as_the_standard_says) {
  const auto key = parse_webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key);
  EXPECT_EQ(
      sign_webhook(*key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Webhook, carries_id_time_signature_and_type) {
  const base::Secret key(std::string(32, 'k'));
  const base::Secret next(std::string(32, 'n'));
  const auto now = base::from_milliseconds(1'700'000'000'999);
  const auto request = make_webhook("http://shop.example/hook", {key}, base::EventId{5}, "{}", now);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.headers.find("webhook-id"), "evt_5");
  EXPECT_EQ(request.headers.find("webhook-timestamp"), "1700000000");
  EXPECT_EQ(request.headers.find("webhook-signature"),
            sign_webhook(key, "evt_5", 1700000000, "{}"));
  EXPECT_EQ(request.headers.find("content-type"), "application/json");
  const auto both =
      make_webhook("http://shop.example/hook", {key, next}, base::EventId{5}, "{}", now);
  EXPECT_EQ(both.headers.find("webhook-signature"),
            sign_webhook(key, "evt_5", 1700000000, "{}") + " " +
                sign_webhook(next, "evt_5", 1700000000, "{}"));
}

TEST(Webhook, secrets_are_24_to_64_bytes_of_base64_with_their_prefix) {
  const auto text = [](std::size_t bytes) {
    return "whsec_" + base::to_base64(std::string(bytes, 'x'));
  };
  EXPECT_FALSE(parse_webhook_secret(""));
  EXPECT_FALSE(parse_webhook_secret("whsec_"));
  EXPECT_FALSE(parse_webhook_secret(text(23)));
  EXPECT_TRUE(parse_webhook_secret(text(24)));
  EXPECT_TRUE(parse_webhook_secret(text(64)));
  EXPECT_FALSE(parse_webhook_secret(text(65)));
  EXPECT_FALSE(parse_webhook_secret(text(32).substr(6)));
  const auto refused = parse_webhook_secret("whsec_!secret!");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("!secret!"), std::string::npos);
}

TEST(Webhook, a_secret_file_has_one_secret_or_two) {
  const std::string one = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const std::string other = "whsec_" + base::to_base64(std::string(32, 'x'));
  const auto count = [](const std::string& text) {
    const auto keys = parse_webhook_secrets(text);
    return keys ? keys->size() : 0;
  };
  EXPECT_EQ(count(one), 1u);
  EXPECT_EQ(count(one + "\n"), 1u);
  EXPECT_EQ(count(one + "\r\n\n  " + other + "  \n"), 2u);
  for (const auto& wrong : {std::string(), std::string("\n \n"), one + " " + other,
                            one + "\nwhsec_x", "whsec_\n" + one, one + "\n" + other + "\n" + one}) {
    EXPECT_EQ(count(wrong), 0u) << wrong;
  }
}

TEST(Webhook, keys_are_replaced_for_all_who_hold_them) {
  WebhookSecrets held({base::Secret("a")});
  const auto copy = held;
  held.replace({base::Secret("b"), base::Secret("c")});
  ASSERT_EQ(copy.current()->size(), 2u);
  EXPECT_EQ(copy.current()->at(0).reveal(), "b");
}

TEST(Webhook, any_2xx_takes_an_ordinary_event) {
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(answer("guest.purged", status).answer, Answer::delivered) << status;
    EXPECT_TRUE(answer("guest.purged", status).is_done()) << status;
  }
  for (const int status : {100, 199, 300, 301, 302, 307, 400, 404, 429, 500, 503}) {
    for (const auto type : {std::string_view("guest.purged"), guest_merge_requested}) {
      const auto refused = answer(type, status, R"({"merge_id":"77"})");
      EXPECT_EQ(refused.answer, Answer::failed) << status;
      EXPECT_FALSE(refused.is_done());
      EXPECT_FALSE(refused.merge);
    }
  }
  const auto lost = judge("guest.purged", merge_event,
                          std::unexpected(http::OutgoingError{
                              http::OutgoingError::Kind::address_refused, "shop.example"}));
  EXPECT_EQ(lost.answer, Answer::failed);
  EXPECT_NE(lost.failure.find("shop.example"), std::string::npos);
}

TEST(Webhook, only_an_echoed_id_with_200_acknowledges_a_merge) {
  const auto good = answer(guest_merge_requested, 200, R"({"merge_id":"77"})");
  EXPECT_EQ(good.answer, Answer::acknowledged);
  EXPECT_TRUE(good.is_done());
  EXPECT_EQ(good.merge, base::MergeId{77});
  for (const auto* body :
       {"", "{}", "77", "\"77\"", "[\"77\"]", R"({"merge_id":77})", R"({"merge_id":"78"})",
        R"({"merge_id":"77")", R"({"merge_id":" 77"})", R"({"MERGE_ID":"77"})",
        R"({"data":{"merge_id":"77"}})", R"({"merge_id":null})", "<html>77</html>"}) {
    const auto bad = answer(guest_merge_requested, 200, body);
    EXPECT_EQ(bad.answer, Answer::delivered) << body;
    EXPECT_FALSE(bad.is_done()) << body;
    EXPECT_FALSE(bad.failure.empty()) << body;
    EXPECT_EQ(bad.merge, base::MergeId{77}) << body;
  }
  for (const int status : {201, 202, 204}) {
    const auto early = answer(guest_merge_requested, status, R"({"merge_id":"77"})");
    EXPECT_EQ(early.answer, Answer::delivered) << status;
    EXPECT_FALSE(early.is_done()) << status;
  }
}

}  // namespace
}  // namespace vestibule::events
