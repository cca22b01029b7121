#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "http/outgoing.h"
#include "http/test_certificate.h"
#include "http/test_support.h"

// Servers of other people's that do what they like.

namespace vestibule::http {
namespace {

using testing::Certificate;
using testing::RawSocket;
using testing::ScriptedUpstream;
using namespace std::chrono_literals;
using Kind = OutgoingError::Kind;

OutgoingOptions to(const std::string& range) {
  OutgoingOptions options;
  options.allowed.push_back(*Cidr::parse(range));
  return options;
}

OutgoingRequest get(const std::string& origin, std::uint16_t port) {
  OutgoingRequest request;
  request.url = origin + ":" + std::to_string(port) + "/";
  return request;
}

std::string refusal(const std::expected<OutgoingResponse, OutgoingError>& answer) {
  return answer ? "status " + std::to_string(answer->status)
                : std::string(to_string(answer.error().kind));
}

/// Answers the first request with `head`, then sends `piece` until nobody takes it any more.
ScriptedUpstream::Serve for_ever(std::string head, std::string piece,
                                 std::chrono::milliseconds pause = 0ms) {
  return [head = std::move(head), piece = std::move(piece), pause](RawSocket& socket, int) {
    socket.read_through("\r\n\r\n");
    bool taken = socket.send(head);
    while (taken) {
      taken = socket.send(piece);
      if (pause > 0ms) std::this_thread::sleep_for(pause);  // what is tried
    }
  };
}

TEST(OutgoingFaults, AnEndlessBodyEndsAtTheLimit) {
  for (const auto* const head :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n"}) {
    ScriptedUpstream upstream(for_ever(head, std::string(65'536, 'x')));
    auto options = to("127.0.0.0/8");
    options.max_response = 200'000;
    EXPECT_EQ(refusal(OutgoingClient(options).send(get("http://127.0.0.1", upstream.port()))),
              to_string(Kind::too_large))
        << head;
  }
}

TEST(OutgoingFaults, AnEndlessChunkedBodyEndsAtTheLimit) {
  ScriptedUpstream upstream(for_ever("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                                     "1000\r\n" + std::string(0x1000, 'x') + "\r\n"));
  EXPECT_EQ(
      refusal(OutgoingClient(to("127.0.0.0/8")).send(get("http://127.0.0.1", upstream.port()))),
      to_string(Kind::too_large));
}

TEST(OutgoingFaults, AnEndlessHeadEndsAtTheLimit) {
  ScriptedUpstream upstream(
      for_ever("HTTP/1.1 200 OK\r\n", "X-More: " + std::string(1'000, 'x') + "\r\n"));
  EXPECT_EQ(
      refusal(OutgoingClient(to("127.0.0.0/8")).send(get("http://127.0.0.1", upstream.port()))),
      to_string(Kind::too_large));
}

TEST(OutgoingFaults, InterimAnswersWithoutEndEndAtTheLimit) {
  ScriptedUpstream upstream(for_ever("", "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n"));
  EXPECT_EQ(
      refusal(OutgoingClient(to("127.0.0.0/8")).send(get("http://127.0.0.1", upstream.port()))),
      to_string(Kind::too_large));
}

TEST(OutgoingFaults, AnAnswerThatDripsEndsWithItsTime) {
  for (const auto* const head :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", "HTTP/1.1 200 OK\r\nX-Drip: "}) {
    ScriptedUpstream upstream(for_ever(head, "x", 20ms));
    auto options = to("127.0.0.0/8");
    options.total_timeout = 300ms;
    EXPECT_EQ(refusal(OutgoingClient(options).send(get("http://127.0.0.1", upstream.port()))),
              to_string(Kind::timeout))
        << head;
  }
}

TEST(OutgoingFaults, NothingIsUnpacked) {
  const std::string packed = "\x1f\x8b\x08 not even gzip";
  std::string head;
  ScriptedUpstream upstream([&](RawSocket& socket, int) {
    head = socket.read_through("\r\n\r\n").value_or("");
    socket.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " +
                std::to_string(packed.size()) + "\r\n\r\n" + packed);
  });
  const auto answer =
      OutgoingClient(to("127.0.0.0/8")).send(get("http://127.0.0.1", upstream.port()));
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->body, packed);
  EXPECT_EQ(head.find("Accept-Encoding"), std::string::npos) << head;
}

// A name may have a public and a private address: each one is judged when it is connected to.
TEST(OutgoingFaults, OfANamesAddressesOnlyPermittedOnesAreCalled) {
  std::atomic<int> calls = 0;
  ScriptedUpstream upstream([&](RawSocket& socket, int) {
    ++calls;
    socket.read_through("\r\n\r\n");
    socket.send("HTTP/1.1 204 No Content\r\n\r\n");
  });
  const auto other = OutgoingClient(to("::1/128")).send(get("http://localhost", upstream.port()));
  EXPECT_EQ(refusal(other), to_string(Kind::address_refused));
  EXPECT_EQ(calls, 0);
  const auto right =
      OutgoingClient(to("127.0.0.0/8")).send(get("http://localhost", upstream.port()));
  EXPECT_EQ(refusal(right), "status 204");
  EXPECT_EQ(calls, 1);
}

/// Speaks TLS with a certificate until the handshake is over or has failed.
ScriptedUpstream::Serve with_tls(const Certificate& certificate) {
  return [&certificate](RawSocket& socket, int) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), certificate.x509.get());
    SSL_CTX_use_PrivateKey(context.get(), certificate.key.get());
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), socket.descriptor());
    if (SSL_accept(ssl.get()) == 1) socket.read_to_end();
  };
}

TEST(OutgoingFaults, ACertificateThatHasEndedIsNoCertificate) {
  const Certificate expired("expired");
  X509_gmtime_adj(X509_getm_notAfter(expired.x509.get()), -60);
  X509_sign(expired.x509.get(), expired.key.get(), EVP_sha256());
  Certificate::write(expired.file,
                     [&](std::FILE* out) { PEM_write_X509(out, expired.x509.get()); });
  ScriptedUpstream upstream(with_tls(expired));
  auto options = to("127.0.0.0/8");
  options.ca_file = expired.file;
  EXPECT_EQ(refusal(OutgoingClient(options).send(get("https://127.0.0.1", upstream.port()))),
            to_string(Kind::tls_failed));
}

TEST(OutgoingFaults, WhoSpeaksNoTlsIsNotSpokenToWithoutIt) {
  std::promise<std::string> seen;
  ScriptedUpstream upstream([&](RawSocket& socket, int) {
    socket.fill();
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    seen.set_value(socket.read_to_end());
  });
  EXPECT_EQ(
      refusal(OutgoingClient(to("127.0.0.0/8")).send(get("https://127.0.0.1", upstream.port()))),
      to_string(Kind::tls_failed));
  EXPECT_EQ(seen.get_future().get().find("GET "), std::string::npos);
}

}  // namespace
}  // namespace vestibule::http
