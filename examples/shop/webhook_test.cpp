#include "webhook.h"

#include <fmt/format.h>

#include <fstream>

#include "base/crypto.h"
#include "base/encoding.h"
#include "fixture.h"

namespace vestibule::shop {
namespace {

const std::string key_bytes = "0123456789abcdef0123456789abcdef";

std::string sign(const std::string& id, std::int64_t seconds, const std::string& body,
                 const std::string& key = key_bytes) {
  return "v1," + base::to_base64(base::hmac_sha256(base::Secret(key),
                                                   fmt::format("{}.{}.{}", id, seconds, body)));
}

TEST(WebhookSecrets, AreBase64WithOrWithoutPrefix) {
  const auto text = base::to_base64(key_bytes);
  for (const auto& file : {text, "whsec_" + text, "whsec_" + text + "\n"}) {
    const auto secrets = parse_webhook_secrets(file);
    ASSERT_TRUE(secrets);
    ASSERT_EQ(secrets->size(), 1U);
    EXPECT_EQ(secrets->front().reveal(), key_bytes);
  }
  EXPECT_EQ(parse_webhook_secrets("whsec_" + text + "\nwhsec_" + text)->size(), 2U);
}

TEST(WebhookSecrets, RefuseWhatIsNone) {
  EXPECT_FALSE(parse_webhook_secrets(""));
  EXPECT_FALSE(parse_webhook_secrets("whsec_"));
  EXPECT_FALSE(parse_webhook_secrets("whsec_AAAA"));
  EXPECT_FALSE(parse_webhook_secrets("whsec_!!!!"));
}

// The example of the Standard Webhooks specification's reference libraries.
TEST(WebhookSignature, FitsThePublishedExample) {
  const auto secrets = parse_webhook_secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const base::Time then{base::Seconds{1'614'265'330}};
  EXPECT_TRUE(verify_webhook(*secrets,
                             {"msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
                              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
                             "{\"test\": 2432232314}", then));
}

class WebhookTest : public StoreTest {
 protected:
  WebhookReceiver receiver{store,
                           {.secrets = {base::Secret(key_bytes)},
                            .cart_rule = MergeRule::sum,
                            .maintenance_file = directory.path() / "maintenance"},
                           clock};

  WebhookAnswer deliver(const std::string& id, const std::string& body) {
    const auto seconds = base::to_seconds(clock.now());
    const auto timestamp = std::to_string(seconds);
    const auto signature = sign(id, seconds, body);
    return receiver.receive({id, timestamp, signature}, body);
  }
  WebhookAnswer merge(const std::string& id, const std::string& merge_id) {
    return deliver(id, fmt::format(R"({{"type":"guest.merge_requested","timestamp":"t","data":)"
                                   R"({{"merge_id":"{}","source_sub":"guest",)"
                                   R"("target_sub":"account"}}}})",
                                   merge_id));
  }
  void add(std::string_view sub, std::int64_t quantity) {
    auto transaction = store.write();
    ASSERT_TRUE(add_to_cart(transaction, sub, "vase", quantity, clock.now()));
    transaction.commit();
  }
  std::int64_t vases(std::string_view sub) {
    auto transaction = store.read();
    const auto cart = load_cart(transaction, sub);
    return cart.empty() ? 0 : cart.front().quantity;
  }
};

TEST_F(WebhookTest, AcknowledgesAMergeWithItsId) {
  add("guest", 2);
  add("account", 1);
  EXPECT_EQ(merge("d1", "m1"), (WebhookAnswer{200, R"({"merge_id":"m1"})"}));
  EXPECT_EQ(vases("account"), 3);
  EXPECT_EQ(vases("guest"), 0);
}

TEST_F(WebhookTest, AnswersARepeatedDeliveryTheSameAndDoesNothing) {
  add("guest", 2);
  const auto first = merge("d1", "m1");
  EXPECT_EQ(merge("d1", "m1"), first);
  EXPECT_EQ(vases("account"), 2);
}

TEST_F(WebhookTest, AnswersARepeatedMergeUnderAnotherDeliveryTheSame) {
  add("guest", 2);
  const auto first = merge("d1", "m1");
  EXPECT_EQ(merge("d2", "m1"), first);
  EXPECT_EQ(vases("account"), 2);
}

TEST_F(WebhookTest, DropsAPurgedGuestAndADeletedUser) {
  add("guest", 2);
  add("account", 2);
  EXPECT_EQ(deliver("d1", R"({"type":"guest.purged","data":{"sub":"guest","reason":"self"}})"),
            (WebhookAnswer{200, "{}"}));
  EXPECT_EQ(vases("guest"), 0);
  EXPECT_EQ(vases("account"), 2);
  EXPECT_EQ(deliver("d2", R"({"type":"user.deleted","data":{"sub":"account"}})").status, 200);
  EXPECT_EQ(vases("account"), 0);
}

TEST_F(WebhookTest, HasNothingToDoForTheOtherEvents) {
  add("guest", 2);
  for (const std::string type :
       {"guest.provisioned", "guest.upgraded", "guest.merged", "guest.invented_later"})
    EXPECT_EQ(
        deliver("d-" + type, fmt::format(R"({{"type":"{}","data":{{"sub":"guest"}}}})", type)),
        (WebhookAnswer{200, "{}"}));
  EXPECT_EQ(vases("guest"), 2);
}

TEST_F(WebhookTest, IsUnableWhileTheMaintenanceFileIsThere) {
  add("guest", 2);
  std::ofstream(directory.path() / "maintenance") << "back soon";
  EXPECT_EQ(merge("d1", "m1").status, 503);
  EXPECT_EQ(vases("guest"), 2);
  std::filesystem::remove(directory.path() / "maintenance");
  EXPECT_EQ(merge("d1", "m1").status, 200);
  EXPECT_EQ(vases("account"), 2);
}

TEST_F(WebhookTest, RefusesWhatIsNotSignedByUs) {
  add("guest", 2);
  const std::string body = R"({"type":"guest.purged","data":{"sub":"guest"}})";
  const auto now = base::to_seconds(clock.now());
  const auto at = std::to_string(now);
  const auto good = sign("d1", now, body);
  const auto receive = [&](std::string_view id, std::string_view timestamp,
                           std::string_view signature, std::string_view text) {
    return receiver.receive({id, timestamp, signature}, text).status;
  };
  EXPECT_EQ(receive("", at, good, body), 401);
  EXPECT_EQ(receive("d1", "", good, body), 401);
  EXPECT_EQ(receive("d1", at, "", body), 401);
  EXPECT_EQ(receive("d2", at, good, body), 401);
  EXPECT_EQ(receive("d1", std::to_string(now + 1), good, body), 401);
  EXPECT_EQ(receive("d1", at, good, body + " "), 401);
  EXPECT_EQ(receive("d1", at, good.substr(0, good.size() - 4), body), 401);
  EXPECT_EQ(receive("d1", at, "v2" + good.substr(2), body), 401);
  EXPECT_EQ(receive("d1", at, sign("d1", now, body, std::string(32, 'x')), body), 401);
  EXPECT_EQ(vases("guest"), 2);
}

TEST_F(WebhookTest, AcceptsAnyOfSeveralSignatures) {
  const std::string body = R"({"type":"guest.purged","data":{"sub":"guest"}})";
  const auto now = base::to_seconds(clock.now());
  const auto both = sign("d1", now, body, std::string(32, 'x')) + " " + sign("d1", now, body);
  EXPECT_EQ(receiver.receive({"d1", std::to_string(now), both}, body).status, 200);
}

TEST_F(WebhookTest, ToleratesFiveMinutesEitherWay) {
  const std::string body = R"({"type":"guest.merged","data":{"sub":"guest"}})";
  const auto now = base::to_seconds(clock.now());
  for (const auto& [offset, status] : {std::pair{-300, 200}, {300, 200}, {-301, 401}, {301, 401}}) {
    const auto id = fmt::format("d{}", offset);
    const auto at = std::to_string(now + offset);
    const auto signature = sign(id, now + offset, body);
    EXPECT_EQ(receiver.receive({id, at, signature}, body).status, status) << offset;
  }
}

TEST_F(WebhookTest, RefusesWhatIsNoEvent) {
  EXPECT_EQ(deliver("d1", "").status, 400);
  EXPECT_EQ(deliver("d2", "[]").status, 400);
  EXPECT_EQ(deliver("d3", R"({"type":"guest.purged"})").status, 400);
  EXPECT_EQ(deliver("d4", R"({"type":"guest.purged","data":{"sub":7}})").status, 400);
  EXPECT_EQ(deliver("d5", R"({"type":"guest.merge_requested","data":{"merge_id":"m"}})").status,
            400);
}

TEST_F(WebhookTest, DoesNotRememberARefusalAsTheAnswer) {
  EXPECT_EQ(deliver("d1", R"({"type":"guest.purged","data":{}})").status, 400);
  EXPECT_EQ(merge("d1", "m1").status, 200);
}

TEST_F(WebhookTest, DoesNotAcknowledgeAMergeThatItCannotTake) {
  add("guest", 2);
  deliver("d1", R"({"type":"user.deleted","data":{"sub":"account"}})");
  EXPECT_EQ(merge("d2", "m1").status, 409);
  EXPECT_EQ(vases("guest"), 2);
}

}  // namespace
}  // namespace vestibule::shop
