#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <mutex>

#include "events/dispatcher.h"
#include "events/testing.h"
#include "events/webhook.h"
#include "http/server.h"
#include "store/testing.h"

namespace vestibule::events {
namespace {

using namespace std::chrono_literals;

/// A real receiver on loopback that answers merge requests as `mode` says.
class HttpReceiver {
 public:
  HttpReceiver() : server_(options(), select(), clock_, random_, nullptr) {
    site_.router.add("POST", "/hook", [this](http::Request& request) { return handle(request); });
    site_.router.add("POST", "/elsewhere", [this](http::Request&) { return elsewhere(); });
    port_ = server_.listen("127.0.0.1", 0).value();
    server_.start();
  }
  ~HttpReceiver() { server_.stop(0ms); }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }
  void answer_with(http::Response response) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(response);
  }
  std::vector<http::Request> received() {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  int redirects_followed() {
    const std::lock_guard lock(mutex_);
    return elsewhere_;
  }

 private:
  static http::ServerOptions options() {
    http::ServerOptions result;
    result.threads = 1;
    return result;
  }
  http::SiteSelector select() {
    return [this](const http::RequestHead&) { return &site_; };
  }
  boost::asio::awaitable<http::Response> handle(http::Request& request) {
    const std::lock_guard lock(mutex_);
    received_.push_back(request);
    co_return answer_;
  }
  boost::asio::awaitable<http::Response> elsewhere() {
    const std::lock_guard lock(mutex_);
    ++elsewhere_;
    co_return http::Response::no_content();
  }

  base::SystemClock clock_;
  base::SystemRandom random_;
  http::Site site_;
  std::mutex mutex_;
  http::Response answer_ = http::Response::no_content();
  std::vector<http::Request> received_;
  int elsewhere_ = 0;
  http::Server server_;
  std::uint16_t port_ = 0;
};

class WebhookHttp : public testing::Test {
 protected:
  void use(std::vector<std::string> allowed_networks) {
    auto shop = application("shop");
    shop.webhook_url = receiver.url();
    shop.allowed_networks = std::move(allowed_networks);
    outbox = std::make_unique<Outbox>(std::vector{shop}, nullptr);
    dispatcher = std::make_unique<Dispatcher>(
        *store, *outbox, clock, random, make_sender(outbox->applications(), {}),
        [this](store::Transaction&, base::MergeId id, std::string_view, base::Time) {
          acknowledged.push_back(id.value);
        });
  }
  void add(std::string_view type) {
    store->write([&](store::Transaction& tx) {
      outbox->add(tx, type, base::UserId{1}, {{"merge_id", "9"}}, clock.now());
    });
  }
  int deliver() {
    clock.advance(1h);
    return dispatcher->deliver_due();
  }

  HttpReceiver receiver;
  std::unique_ptr<store::Store> store = store::open_temporary();
  base::FakeClock clock;
  base::SystemRandom random;
  std::unique_ptr<Outbox> outbox;
  std::vector<std::int64_t> acknowledged;
  std::unique_ptr<Dispatcher> dispatcher;
};

TEST_F(WebhookHttp, arrives_with_a_signature_that_verifies) {
  use({"127.0.0.1/32"});
  add(guest_purged);
  EXPECT_EQ(deliver(), 1);
  const auto received = receiver.received();
  ASSERT_EQ(received.size(), 1u);
  const auto& request = received[0];
  EXPECT_EQ(http::media_type(request.headers), "application/json");
  const auto id = request.header("webhook-id").value();
  EXPECT_EQ(request.header("webhook-signature"),
            sign_webhook(base::Secret(std::string(32, 'k')), id, base::to_seconds(clock.now()),
                         request.body));
}

TEST_F(WebhookHttp, merges_need_the_echo) {
  use({"127.0.0.1/32"});
  add(guest_merge_requested);
  receiver.answer_with(http::Response::json(202, R"({"merge_id":"9"})"));
  EXPECT_EQ(deliver(), 0);
  receiver.answer_with(http::Response::json(200, "{}"));
  EXPECT_EQ(deliver(), 0);
  receiver.answer_with(http::Response::json(200, R"({"merge_id":"9"})"));
  EXPECT_EQ(deliver(), 1);
  EXPECT_EQ(deliver(), 0);
  EXPECT_EQ(acknowledged, std::vector<std::int64_t>{9});
}

TEST_F(WebhookHttp, follows_no_redirect) {
  use({"127.0.0.1/32"});
  add(guest_purged);
  http::Response redirect;
  redirect.status = 307;
  redirect.with_header("Location", "/elsewhere");
  receiver.answer_with(redirect);
  EXPECT_EQ(deliver(), 0);
  EXPECT_EQ(receiver.redirects_followed(), 0);
}

TEST_F(WebhookHttp, calls_no_private_address_that_is_not_allowed) {
  use({});
  add(guest_purged);
  EXPECT_EQ(deliver(), 0);
  EXPECT_TRUE(receiver.received().empty());
  const auto rows = store->read(
      [&](store::Transaction& tx) { return list_due(tx, "shop", clock.now() + 2h, 1); });
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_NE(rows[0].last_error.find("address_refused"), std::string::npos) << rows[0].last_error;
}

TEST_F(WebhookHttp, a_malformed_range_is_named) {
  auto shop = application("shop");
  shop.allowed_networks = {"10.0.0.1/8"};
  EXPECT_THROW(make_sender({shop}, {}), std::invalid_argument);
}

}  // namespace
}  // namespace vestibule::events
