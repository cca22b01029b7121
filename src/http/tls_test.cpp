#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <thread>

#include "http/server_tls.h"
#include "http/test_certificate.h"
#include "http/test_support.h"

namespace vestibule::http {
namespace {

using boost::asio::awaitable;
using testing::Certificate;
using testing::RawSocket;
using testing::TestServer;
using namespace std::chrono_literals;

struct TlsServer : TestServer {
  explicit TlsServer(ServerOptions options = {}) : TestServer(std::move(options)) {
    site.router.add("GET", "/scheme", [](Request& request) -> awaitable<Response> {
      co_return Response::text(200, request.scheme);
    });
    port = server->listen_tls("127.0.0.1", 0, *tls).value();
    server->start();
  }
  Certificate certificate;
  std::unique_ptr<ServerTls> tls =
      ServerTls::load({certificate.file, certificate.key_file}).value();
};

/// A client that holds its records in memory, so that a test sends them as it likes.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(RawSocket::connect(port)) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    while (SSL_do_handshake(ssl_.get()) != 1) {
      socket_.send(records());
      if (!receive()) throw std::runtime_error("no handshake");
    }
    socket_.send(records());
  }

  RawSocket& socket() { return socket_; }
  std::string encrypt(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    return records();
  }
  std::string read_to_end() {
    std::string text;
    do {
      char piece[4096];
      for (int got = 0; (got = SSL_read(ssl_.get(), piece, sizeof piece)) > 0;) {
        text.append(piece, static_cast<std::size_t>(got));
      }
    } while (receive());
    return text;
  }
  bool was_told_the_end() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

 private:
  std::string records() {
    std::string out(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    if (!out.empty()) {
      BIO_read(SSL_get_wbio(ssl_.get()), out.data(), static_cast<int>(out.size()));
    }
    return out;
  }
  bool receive() {
    char bytes[16384];
    const auto got = ::recv(socket_.descriptor(), bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    BIO_write(SSL_get_rbio(ssl_.get()), bytes, static_cast<int>(got));
    return true;
  }

  RawSocket socket_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_{SSL_CTX_new(TLS_client_method()),
                                                             SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{SSL_new(context_.get()), SSL_free};
};

ServerOptions with_header_timeout(std::chrono::milliseconds time) {
  ServerOptions options;
  options.limits.header_timeout = time;
  options.limits.linger = 100ms;
  return options;
}

TEST(Tls, AnswersWithTheSchemeHttpsAndSaysTheEnd) {
  const TlsServer server;
  Client client(server.port);
  client.socket().send(
      client.encrypt("GET /scheme HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
  const auto answer = client.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nhttps")) << answer;
  EXPECT_TRUE(client.was_told_the_end());
}

TEST(Tls, ARecordMayComeInPieces) {
  const TlsServer server;
  Client client(server.port);
  const auto record =
      client.encrypt("GET /scheme HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
  for (const char byte : record) client.socket().send({&byte, 1});
  EXPECT_TRUE(client.read_to_end().ends_with("https"));
}

// A piece that arrives as the time is over must not win another wait, which nothing would end.
TEST(Tls, ARecordThatDripsIsCutInTime) {
  const TlsServer server(with_header_timeout(100ms));
  Client client(server.port);
  const auto record = client.encrypt("GET /" + std::string(10'000, 'x'));
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t at = 0; at < record.size() && server.server->connection_count() > 0; ++at) {
    client.socket().send({&record[at], 1});
    std::this_thread::sleep_for(200us);
  }
  while (server.server->connection_count() > 0 && std::chrono::steady_clock::now() - begin < 8s) {
    std::this_thread::yield();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_EQ(server.server->connection_count(), 0U);
}

TEST(Tls, AHandshakeThatDoesNotComeIsCut) {
  const TlsServer server(with_header_timeout(100ms));
  auto silent = RawSocket::connect(server.port);
  EXPECT_TRUE(silent.at_end());
  auto half = RawSocket::connect(server.port);
  half.send(std::string_view("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(half.at_end());
}

TEST(Tls, StoppingEndsHandshakes) {
  TlsServer server;
  auto silent = RawSocket::connect(server.port);
  while (server.server->connection_count() == 0) std::this_thread::yield();
  EXPECT_EQ(server.server->stop(5s), 0U) << "none had to be cut";
  EXPECT_TRUE(silent.at_end());
}

TEST(Tls, LoadNamesTheFileAtFault) {
  const Certificate one;
  const Certificate two("two");
  const auto reason = [](const TlsFiles& files) { return ServerTls::load(files).error().reason; };
  EXPECT_EQ(reason({"/nonexistent", one.key_file}), "certificate");
  EXPECT_EQ(reason({one.key_file, one.key_file}), "certificate");
  EXPECT_EQ(reason({one.file, "/nonexistent"}), "key");
  EXPECT_EQ(reason({one.file, one.file}), "key");
  EXPECT_EQ(reason({one.file, two.key_file}), "key");
  EXPECT_EQ(reason({one.file, "/dev/zero"}), "key");
  EXPECT_EQ(ServerTls::load({one.file, two.key_file}).error().message,
            two.key_file + ": key values mismatch");
}

TEST(Tls, AKeyWithAPassphraseIsRefused) {
  const Certificate one;
  Certificate::write(one.key_file, [&](std::FILE* out) {
    PEM_write_PrivateKey(out, one.key.get(), EVP_aes_128_cbc(),
                         reinterpret_cast<const unsigned char*>("word"), 4, nullptr, nullptr);
  });
  EXPECT_EQ(ServerTls::load({one.file, one.key_file}).error().reason, "key");
}

TEST(Tls, AFailedReloadChangesNothing) {
  const TlsServer server;
  EXPECT_FALSE(server.tls->reload({server.certificate.file, "/nonexistent"}));
  EXPECT_NO_THROW(Client(server.port));
  const Certificate two("two");
  EXPECT_TRUE(server.tls->reload({two.file, two.key_file}));
  EXPECT_NO_THROW(Client(server.port));
}

}  // namespace
}  // namespace vestibule::http
