#include "http/outgoing.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <memory>
#include <tuple>

#include "http/test_certificate.h"
#include "http/test_support.h"

namespace vestibule::http {
namespace {

using boost::asio::awaitable;
using testing::Certificate;
using testing::RawSocket;
using testing::ScriptedUpstream;
using testing::TestServer;
using namespace std::chrono_literals;
using Kind = OutgoingError::Kind;

OutgoingOptions to_loopback() {
  OutgoingOptions options;
  options.allowed.push_back(*Cidr::parse("127.0.0.0/8"));
  return options;
}

std::string url(std::uint16_t port, const std::string& path = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + path;
}

OutgoingRequest get(std::string address) {
  OutgoingRequest request;
  request.url = std::move(address);
  return request;
}

struct Echo : TestServer {
  Echo() {
    site.router.add("POST", "/hook", [](Request& request) -> awaitable<Response> {
      auto response = Response::json(202, request.body);
      response.with_header("X-Seen", std::string(request.header("X-Signature").value_or("none")));
      response.with_header("X-Expect", request.headers.contains("Expect") ? "yes" : "no");
      co_return response;
    });
    site.router.add("GET", "/away", [this](Request&) -> awaitable<Response> {
      co_return Response::found(url(port, "/hook"));
    });
    site.router.add("GET", "/large", [](Request&) -> awaitable<Response> {
      co_return Response::text(200, std::string(2000, 'x'));
    });
    start();
  }
};

TEST(Outgoing, SendsTheBodyAndReturnsTheAnswer) {
  Echo echo;
  const OutgoingClient client(to_loopback());
  OutgoingRequest request{"POST", url(echo.port, "/hook"), {{"X-Signature", "abc"}}, "{\"a\":1}"};
  const auto answer = client.send(request);
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->status, 202);
  EXPECT_EQ(answer->body, "{\"a\":1}");
  EXPECT_EQ(answer->headers.find("x-seen"), "abc");
  EXPECT_EQ(answer->headers.find("x-expect"), "no");
}

TEST(Outgoing, RefusesPrivateAddressesHoweverTheyAreSpelled) {
  Echo echo;
  const OutgoingClient client({});
  const auto port = std::to_string(echo.port);
  for (const auto* const host :
       {"127.0.0.1", "localhost", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1",
        "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
        "10.0.0.1", "169.254.169.254", "[fe80::1]", "[fd00::1]"}) {
    const auto answer = client.send(get("http://" + std::string(host) + ":" + port + "/hook"));
    ASSERT_FALSE(answer) << host;
    EXPECT_EQ(to_string(answer.error().kind), to_string(Kind::address_refused))
        << host << ": " << answer.error().detail;
  }
}

TEST(Outgoing, AMappedAddressIsRefusedEvenIfTheAddressIsAllowed) {
  Echo echo;
  const OutgoingClient client(to_loopback());
  const auto answer =
      client.send(get("http://[::ffff:127.0.0.1]:" + std::to_string(echo.port) + "/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::address_refused);
}

TEST(Outgoing, FollowsNothing) {
  Echo echo;
  const OutgoingClient client(to_loopback());
  const auto answer = client.send(get(url(echo.port, "/away")));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
}

TEST(Outgoing, TakesNoProxyFromTheEnvironment) {
  Echo echo;
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  ::setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
  const auto answer = OutgoingClient(to_loopback()).send(get(url(echo.port, "/large")));
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  ASSERT_TRUE(answer) << answer.error().detail;
}

TEST(Outgoing, LimitsTheAnswer) {
  Echo echo;
  auto options = to_loopback();
  options.max_response = 1999;
  const auto answer = OutgoingClient(options).send(get(url(echo.port, "/large")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::too_large);
  options.max_response = 2000;
  EXPECT_TRUE(OutgoingClient(options).send(get(url(echo.port, "/large"))));
}

TEST(Outgoing, LimitsTheTime) {
  ScriptedUpstream silent([](RawSocket& socket, int) { socket.read_to_end(); });
  auto options = to_loopback();
  options.total_timeout = 100ms;
  const auto answer = OutgoingClient(options).send(get(url(silent.port())));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::timeout);
}

TEST(Outgoing, ABrokenAnswerIsAnError) {
  for (const auto* const bytes :
       {"", "nonsense", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nX: y\r\n",
        "HTTP/1.1 200 OK\r\nX", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}) {
    ScriptedUpstream upstream([&](RawSocket& socket, int) {
      socket.read_through("\r\n\r\n");
      socket.send(bytes);
    });
    const auto answer = OutgoingClient(to_loopback()).send(get(url(upstream.port())));
    ASSERT_FALSE(answer) << bytes;
    EXPECT_EQ(answer.error().kind, Kind::protocol) << bytes;
  }
}

TEST(Outgoing, NobodyListeningIsConnectFailed) {
  std::uint16_t dead_port = 0;
  {
    ScriptedUpstream upstream([](RawSocket&, int) {});
    dead_port = upstream.port();
  }
  const auto answer = OutgoingClient(to_loopback()).send(get(url(dead_port)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::connect_failed);
}

TEST(Outgoing, OnlyPlainHttpUrls) {
  const OutgoingClient client(to_loopback());
  for (const auto* const bad :
       {"", "127.0.0.1", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "http://",
        "http://user:secret@127.0.0.1/", "http://user@127.0.0.1/", "http://a b/",
        "http://127.0.0.1/\r\nX: y", "//127.0.0.1/"}) {
    const auto answer = client.send(get(bad));
    ASSERT_FALSE(answer) << bad;
    EXPECT_EQ(answer.error().kind, Kind::invalid_url) << bad;
    EXPECT_EQ(answer.error().detail.find("secret"), std::string::npos);
  }
}

TEST(Outgoing, AMissingCaFileIsAnErrorNotAnExemption) {
  ScriptedUpstream upstream([](RawSocket& socket, int) { socket.read_to_end(); });
  auto options = to_loopback();
  options.ca_file = "/nonexistent/ca.pem";
  const auto answer =
      OutgoingClient(options).send(get("https://127.0.0.1:" + std::to_string(upstream.port())));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Kind::tls_failed);
}

TEST(Outgoing, VerifiesTheCertificate) {
  const Certificate certificate;
  ScriptedUpstream upstream([&](RawSocket& socket, int) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), certificate.x509.get());
    SSL_CTX_use_PrivateKey(context.get(), certificate.key.get());
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), socket.descriptor());
    if (SSL_accept(ssl.get()) != 1) return;
    char request[4096];
    if (SSL_read(ssl.get(), request, sizeof request) <= 0) return;
    const std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    SSL_write(ssl.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(ssl.get());
  });
  const auto port = std::to_string(upstream.port());
  auto options = to_loopback();
  const auto unknown = OutgoingClient(options).send(get("https://127.0.0.1:" + port));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, Kind::tls_failed);
  options.ca_file = certificate.file;
  const auto known = OutgoingClient(options).send(get("https://127.0.0.1:" + port));
  ASSERT_TRUE(known) << known.error().detail;
  EXPECT_EQ(known->body, "hi");
  const auto misnamed = OutgoingClient(options).send(get("https://127.0.0.2:" + port));
  ASSERT_FALSE(misnamed);
  EXPECT_NE(misnamed.error().kind, Kind::protocol);
}

TEST(Outgoing, MalformedFieldsAreBugs) {
  const OutgoingClient client(to_loopback());
  auto request = get("http://127.0.0.1/");
  request.headers.add("X", "a\r\nY: b");
  EXPECT_THROW(std::ignore = client.send(request), std::invalid_argument);
}

}  // namespace
}  // namespace vestibule::http
