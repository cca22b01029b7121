#include "sessions/pushed_requests.h"

#include <gtest/gtest.h>

#include "sessions/testing.h"

namespace vestibule::sessions {
namespace {

using std::chrono::seconds;

class PushedRequestsTest : public testing::Test, public TestWorld {
 protected:
  void add(std::string_view uri) {
    const PushedRequest request{.client = {3},
                                .document = "document",
                                .expires_at = now() + seconds(60),
                                .kept_until = now() + seconds(90)};
    write([&](store::Transaction& tx) { insert_pushed_request(tx, uri, request); });
  }
  std::optional<PushedRequest> look(std::string_view uri) {
    return store->read([&](store::Transaction& tx) { return find_pushed_request(tx, uri, now()); });
  }
  bool consume(std::string_view uri) {
    return write([&](store::Transaction& tx) { return consume_pushed_request(tx, uri); });
  }
};

TEST_F(PushedRequestsTest, IsFoundUntilItIsConsumedOnce) {
  add("urn:one");
  ASSERT_TRUE(look("urn:one"));
  EXPECT_EQ(look("urn:one")->client, base::ClientId{3});
  EXPECT_EQ(look("urn:one")->document, "document");
  EXPECT_EQ(look("urn:one")->expires_at, now() + seconds(60));
  EXPECT_FALSE(look("urn:two"));
  EXPECT_TRUE(consume("urn:one"));
  EXPECT_FALSE(consume("urn:one"));
  EXPECT_FALSE(look("urn:one"));
}

TEST_F(PushedRequestsTest, OutlivesItsExpiryByTheTimeOfASignIn) {
  add("urn:one");
  pass(seconds(60));
  EXPECT_TRUE(look("urn:one"));
  pass(seconds(30));
  EXPECT_FALSE(look("urn:one"));
}

TEST_F(PushedRequestsTest, IsCleanedUpInBatches) {
  for (const auto* uri : {"urn:1", "urn:2", "urn:3"}) add(uri);
  const auto clean = [&] {
    return write(
        [&](store::Transaction& tx) { return delete_expired_pushed_requests(tx, now(), 2); });
  };
  EXPECT_EQ(clean(), 0);
  pass(seconds(90));
  EXPECT_EQ(clean(), 2);
  EXPECT_EQ(clean(), 1);
}

}  // namespace
}  // namespace vestibule::sessions
