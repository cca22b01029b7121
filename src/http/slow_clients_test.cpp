#include <gtest/gtest.h>

#include <thread>

#include "http/test_support.h"

namespace vestibule::http {
namespace {

using boost::asio::awaitable;
using testing::RawSocket;
using testing::read_answer;
using testing::TestServer;
using namespace std::chrono_literals;

const std::string get_root = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

/// A server with short patience whose `/large` is more than a socket's buffers hold.
struct Impatient : TestServer {
  explicit Impatient(ServerOptions options = hurried()) : TestServer(std::move(options)) {
    site.router.add("GET", "/",
                    [](Request&) -> awaitable<Response> { co_return Response::text(200, "here"); });
    site.router.add("GET", "/large", [](Request&) -> awaitable<Response> {
      co_return Response::text(200, std::string(std::size_t{64} * 1024 * 1024, 'x'));
    });
    site.router.add("POST", "/", [](Request& request) -> awaitable<Response> {
      co_return Response::text(200, std::to_string(request.body.size()));
    });
    start();
  }
  static ServerOptions hurried() {
    ServerOptions options;
    options.limits.header_timeout = options.limits.idle_timeout = 100ms;
    options.limits.body_grace = options.limits.write_timeout = 100ms;
    options.limits.linger = 50ms;
    return options;
  }
  /// Whether every connection ends; the deadline is for failures only.
  bool all_end() const {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (server->connection_count() > 0) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
};

TEST(SlowClients, OneThatNeverReadsIsCut) {
  Impatient fixture;
  auto client = fixture.connect();
  client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_TRUE(client.read_through("\r\n\r\n"));
  EXPECT_TRUE(fixture.all_end());
  EXPECT_LT(client.read_to_end().size(), std::size_t{64} * 1024 * 1024) << "a cut answer looks cut";
}

TEST(SlowClients, OneThatPipelinesAndNeverReadsIsCut) {
  Impatient fixture;
  auto client = fixture.connect();
  for (int i = 0; i < 4; ++i) client.send("GET /large HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_TRUE(fixture.all_end());
}

TEST(SlowClients, ConnectionsThatSayNothingEnd) {
  Impatient fixture;
  std::vector<RawSocket> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(fixture.connect());
  EXPECT_EQ(fixture.get("/").body, "here") << "others are served meanwhile";
  for (auto& client : silent) EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(fixture.all_end());
}

TEST(SlowClients, AHeadInDripsIsGivenTheTimeOfOneHeadInAll) {
  Impatient fixture;
  auto client = fixture.connect();
  const auto begun = std::chrono::steady_clock::now();
  std::thread dripping([&client] {
    // Each field arrives in time by itself; the head as a whole never does.
    client.send("GET / HTTP/1.1\r\nHost: test\r\n");
    while (client.send("X: y\r\n")) std::this_thread::yield();
  });
  EXPECT_TRUE(fixture.all_end());
  dripping.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
}

TEST(SlowClients, ABodyThatStopsIsNotWaitedFor) {
  Impatient fixture;
  for (const std::string start :
       {"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 50\r\n\r\nx",
        "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    auto client = fixture.connect();
    client.send(start);
    EXPECT_EQ(read_answer(client).status, 408) << start;
    EXPECT_TRUE(client.at_end());
  }
}

TEST(SlowClients, OneThatHasClosedItsHalfIsAnsweredAndEnds) {
  Impatient fixture;
  auto client = fixture.connect();
  client.send(get_root);
  client.shutdown_send();
  EXPECT_EQ(read_answer(client).body, "here");
  EXPECT_TRUE(client.at_end());
  auto cut_off = fixture.connect();
  cut_off.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 50\r\n\r\nx");
  cut_off.shutdown_send();
  EXPECT_TRUE(fixture.all_end());
}

TEST(SlowClients, OneAddressHoldsSoManyConnectionsAndNoMore) {
  auto options = Impatient::hurried();
  options.limits.idle_timeout = options.limits.header_timeout = 10s;
  options.limits.connections_per_address = 3;
  Impatient fixture(options);
  std::vector<RawSocket> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(fixture.connect());
    held.back().send(get_root);
    EXPECT_EQ(read_answer(held.back()).status, 200);
  }
  EXPECT_TRUE(fixture.connect().at_end());
  EXPECT_TRUE(fixture.connect().at_end()) << "a refused one holds no place";
  held.pop_back();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (fixture.server->connection_count() > 2 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(fixture.get("/").status, 200) << "one that ended gave its place back";
}

TEST(SlowClients, ATrustedProxyIsManyPeople) {
  auto options = Impatient::hurried();
  options.limits.connections_per_address = 1;
  options.trusted_proxies = {Cidr::parse("127.0.0.1").value()};
  Impatient behind(options);
  auto first = behind.connect();
  auto second = behind.connect();
  for (auto* const each : {&first, &second}) {
    each->send(get_root);
    EXPECT_EQ(read_answer(*each).status, 200);
  }
}

}  // namespace
}  // namespace vestibule::http
