#include "http/proxy.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <future>
#include <mutex>

#include "http/test_support.h"

namespace vestibule::http {
namespace {

using boost::asio::awaitable;
using testing::Answer;
using testing::AnswerTo;
using testing::RawSocket;
using testing::read_answer;
using testing::ScriptedUpstream;
using testing::TestServer;
using namespace std::chrono_literals;

/// A gateway in its smallest form before one upstream.
struct Gateway : TestServer {
  explicit Gateway(std::uint16_t upstream_port, ForwardOptions base = {},
                   ServerOptions options = {}, UpstreamOptions upstream = {})
      : TestServer(one_thread(std::move(options))),
        pool({"127.0.0.1", upstream_port}, upstream),
        forward_options(std::move(base)) {
    site.fallback = [this](Exchange& exchange) -> awaitable<void> {
      auto own = forward_options;
      own.headers = exchange.head().headers;
      co_await forward(exchange, pool, std::move(own));
    };
    start();
  }
  ~Gateway() { server.reset(); }

  /// One io thread, so that pooled connections are met again.
  static ServerOptions one_thread(ServerOptions options) {
    options.threads = 1;
    return options;
  }

  UpstreamPool pool;
  ForwardOptions forward_options;
};

const std::string get_a = "GET /a?b=%20 HTTP/1.1\r\nHost: test\r\n\r\n";

/// Answers every request on a connection with `answer`, keeping the request heads.
struct Recording {
  explicit Recording(std::string answer)
      : upstream([this, text = std::move(answer)](RawSocket& socket, int number) {
          while (const auto head = socket.read_through("\r\n\r\n")) {
            {
              const std::lock_guard lock(mutex);
              heads.push_back(*head);
              connections = std::max(connections, number + 1);
            }
            socket.send(text);
          }
        }) {}
  std::mutex mutex;
  std::vector<std::string> heads;
  int connections = 0;
  ScriptedUpstream upstream;
};

TEST(Proxy, ForwardsWithItsOwnFramingAndWithoutHopByHopFields) {
  Recording recording(
      "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nKeep-Alive: 3\r\n"
      "Content-Length: 2\r\n\r\nhi");
  Gateway gateway(recording.upstream.port());
  const auto answer = gateway.ask(
      "GET /a?b=%20 HTTP/1.1\r\nHost: test\r\nConnection: X-Mine\r\nX-Mine: 1\r\nTE: trailers\r\n"
      "Upgrade: h2c\r\nX-Kept: 2\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hi");
  EXPECT_FALSE(answer.headers.contains("X-Hop"));
  EXPECT_FALSE(answer.headers.contains("Keep-Alive"));
  EXPECT_EQ(answer.headers.find("X-End"), "2");
  ASSERT_EQ(recording.heads.size(), 1U);
  EXPECT_EQ(recording.heads[0], "GET /a?b=%20 HTTP/1.1\r\nHost: test\r\nX-Kept: 2\r\n\r\n");
}

TEST(Proxy, KeepsItsConnectionsAndTheClients) {
  Recording recording("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  Gateway gateway(recording.upstream.port());
  auto socket = gateway.connect();
  for (int i = 0; i < 5; ++i) {
    socket.send(get_a);
    EXPECT_EQ(read_answer(socket).body, "hi");
  }
  EXPECT_EQ(recording.connections, 1);
  socket.send(get_a + get_a);
  EXPECT_EQ(read_answer(socket).body, "hi");
  EXPECT_EQ(read_answer(socket).body, "hi");
}

TEST(Proxy, EveryFramingArrives) {
  const std::vector<std::pair<std::string, std::string>> table{
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nT: "
       "x\r\n\r\n",
       "abcde"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
      {"HTTP/1.0 200 OK\r\n\r\nuntil the end", "until the end"},
      {"HTTP/1.1 204 No Content\r\n\r\n", ""},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 "
       "OK\r\nContent-Length: 1\r\n\r\nx",
       "x"},
  };
  for (const auto& [bytes, body] : table) {
    ScriptedUpstream upstream([&](RawSocket& socket, int) {
      socket.read_through("\r\n\r\n");
      socket.send(bytes);
    });
    Gateway gateway(upstream.port());
    const auto answer = gateway.ask(get_a);
    EXPECT_EQ(answer.body, body) << bytes;
    EXPECT_FALSE(answer.headers.contains("T"));
  }
}

TEST(Proxy, HeadKeepsItsLength) {
  Recording recording("HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n");
  Gateway gateway(recording.upstream.port());
  auto socket = gateway.connect();
  for (int i = 0; i < 2; ++i) {
    socket.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
    const auto answer = read_answer(socket, AnswerTo::head);
    EXPECT_EQ(answer.headers.find("Content-Length"), "77");
  }
}

TEST(Proxy, OldClientsGetNoChunks) {
  Recording recording("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  Gateway gateway(recording.upstream.port());
  const auto answer = gateway.ask("GET / HTTP/1.0\r\nHost: test\r\n\r\n");
  EXPECT_FALSE(answer.headers.contains("Transfer-Encoding"));
  EXPECT_EQ(answer.body, "abc");
}

TEST(Proxy, ConflictingAnswersAre502) {
  for (const auto* const bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 1\n\na", "HTTP/1.1 200 OK\r\nX : y\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "nonsense\r\n\r\n", ""}) {
    ScriptedUpstream upstream([&](RawSocket& socket, int) {
      socket.read_through("\r\n\r\n");
      socket.send(bytes);
    });
    Gateway gateway(upstream.port());
    EXPECT_EQ(gateway.ask(get_a).status, 502) << bytes;
  }
}

TEST(Proxy, AnUpstreamThatIsNotThereIs502WithTheCallersPage) {
  std::uint16_t dead_port = 0;
  {
    ScriptedUpstream upstream([](RawSocket&, int) {});
    dead_port = upstream.port();
  }
  ForwardOptions options;
  options.render_failure = [](const Problem& problem) {
    return Response::html(200, std::string(to_string(problem.kind)));
  };
  Gateway gateway(dead_port, options);
  auto socket = gateway.connect();
  socket.send(get_a + get_a);
  for (int i = 0; i < 2; ++i) {
    const auto answer = read_answer(socket);
    EXPECT_EQ(answer.status, 502);
    EXPECT_EQ(answer.body, "bad_gateway");
  }
}

TEST(Proxy, ASlowUpstreamIs504) {
  ScriptedUpstream upstream([](RawSocket& socket, int) { socket.read_to_end(); });
  ForwardOptions options;
  options.response_timeout = 50ms;
  Gateway gateway(upstream.port(), options);
  EXPECT_EQ(gateway.ask(get_a).status, 504);
  EXPECT_EQ(gateway.ask("POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx").status,
            504);
}

TEST(Proxy, AnAnswerCutShortIsCutForTheClientToo) {
  for (const auto* const bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\nx"}) {
    ScriptedUpstream upstream([&](RawSocket& socket, int) {
      socket.read_through("\r\n\r\n");
      socket.send(bytes);
    });
    Gateway gateway(upstream.port());
    auto socket = gateway.connect();
    socket.send(get_a);
    const auto all = socket.read_to_end();
    EXPECT_NE(all.find("abc"), std::string::npos);
    EXPECT_EQ(all.find("\r\n0\r\n\r\n"), std::string::npos) << "the end must not look like one";
  }
}

TEST(Proxy, AStallWithinTheAnswerIsCut) {
  ScriptedUpstream upstream([](RawSocket& socket, int) {
    socket.read_through("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    socket.read_to_end();
  });
  ForwardOptions options;
  options.body_timeout = 50ms;
  Gateway gateway(upstream.port(), options);
  EXPECT_EQ(gateway.ask(get_a).body, "abc");
}

TEST(Proxy, AStaleConnectionIsReplacedOnceForWhatMayBeRepeated) {
  std::atomic<int> connections = 0;
  // Each connection takes one request; the second one on it is read and met with a close.
  ScriptedUpstream upstream([&](RawSocket& socket, int) {
    ++connections;
    socket.read_through("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    socket.read_through("\r\n\r\n");
  });
  Gateway gateway(upstream.port());
  auto socket = gateway.connect();
  socket.send(get_a);
  EXPECT_EQ(read_answer(socket).status, 200);
  socket.send(get_a);
  EXPECT_EQ(read_answer(socket).status, 200);
  EXPECT_EQ(connections, 2);
  socket.send("POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(read_answer(socket).status, 502) << "a POST is never sent twice";
  EXPECT_EQ(connections, 2);
}

TEST(Proxy, AnEarlyAnswerEndsTheUpload) {
  ScriptedUpstream upstream([](RawSocket& socket, int) {
    socket.read_through("\r\n\r\n");
    socket.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
    socket.read_to_end();
  });
  Gateway gateway(upstream.port());
  auto socket = gateway.connect();
  socket.send("POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000\r\n\r\nsome");
  const auto answer = read_answer(socket);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "big");
  EXPECT_EQ(answer.headers.find("Connection"), "close");
}

TEST(Proxy, AMalformedBodyNeverLooksWhole) {
  std::promise<std::string> seen;
  ScriptedUpstream upstream([&](RawSocket& socket, int) { seen.set_value(socket.read_to_end()); });
  Gateway gateway(upstream.port());
  EXPECT_EQ(gateway
                .ask("POST /a HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "3\r\nabc\r\nX\r\n")
                .status,
            400);
  EXPECT_EQ(seen.get_future().get().find("0\r\n\r\n"), std::string::npos);
}

TEST(Proxy, AClientThatLeavesCancelsTheUpstream) {
  std::promise<void> asked;
  std::promise<void> cancelled;
  ScriptedUpstream upstream([&](RawSocket& socket, int) {
    socket.read_through("\r\n\r\n");
    asked.set_value();
    if (socket.at_end()) cancelled.set_value();
  });
  Gateway gateway(upstream.port());
  auto socket = gateway.connect();
  socket.send(get_a);
  asked.get_future().get();
  socket.close();
  EXPECT_EQ(cancelled.get_future().wait_for(10s), std::future_status::ready);
}

TEST(Proxy, AClientThatLeavesWithinItsBodyCancelsTheUpstream) {
  std::promise<std::string> seen;
  ScriptedUpstream upstream([&](RawSocket& socket, int) { seen.set_value(socket.read_to_end()); });
  Gateway gateway(upstream.port());
  auto socket = gateway.connect();
  socket.send("POST /a HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc");
  socket.reset();
  EXPECT_EQ(seen.get_future().get().find("GET"), std::string::npos);
}

TEST(Proxy, TheHeadMayBeEditedAndACookieProtectsIt) {
  Recording recording("HTTP/1.1 200 OK\r\nCache-Control: public\r\nContent-Length: 2\r\n\r\nhi");
  ForwardOptions options;
  options.edit_head = [](Response& head) {
    SetCookie cookie;
    cookie.name = "a";
    head.with_cookie(cookie);
  };
  options.target = "/other";
  Gateway gateway(recording.upstream.port(), options);
  const auto answer = gateway.ask(get_a);
  EXPECT_EQ(answer.headers.find("Cache-Control"), "private, no-store");
  EXPECT_TRUE(answer.headers.contains("Set-Cookie"));
  EXPECT_TRUE(recording.heads[0].starts_with("GET /other HTTP/1.1\r\n"));
}

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool memory_is_telling = false;
#else
constexpr bool memory_is_telling = true;
#endif

long resident_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

constexpr std::size_t big = 50 * 1024 * 1024;
constexpr std::size_t piece = 64 * 1024;

TEST(Proxy, BigBodiesStreamBothWaysInBoundedMemory) {
  for (const bool chunked : {false, true}) {
    const std::string block(piece, 'x');
    const auto framing = chunked ? std::string("Transfer-Encoding: chunked\r\n\r\n")
                                 : "Content-Length: " + std::to_string(big) + "\r\n\r\n";
    const auto send_body = [&](RawSocket& socket) {
      for (std::size_t sent = 0; sent < big; sent += piece) {
        if (chunked) socket.send("10000\r\n");
        socket.send(block);
        if (chunked) socket.send("\r\n");
      }
      if (chunked) socket.send("0\r\n\r\n");
    };
    const auto receive_body = [&](RawSocket& socket) {
      std::size_t received = 0;
      if (!chunked) {
        while (received < big) {
          const auto bytes = socket.read_exactly(piece);
          if (bytes.empty()) break;
          received += bytes.size();
        }
        return received;
      }
      while (const auto line = socket.read_through("\r\n")) {
        const auto size = std::stoul(*line, nullptr, 16);
        received += socket.read_exactly(size).size();
        socket.read_through("\r\n");
        if (size == 0) break;
      }
      return received;
    };
    std::atomic<std::size_t> uploaded = 0;
    ScriptedUpstream upstream([&](RawSocket& socket, int) {
      socket.read_through("\r\n\r\n");
      uploaded = receive_body(socket);
      socket.send("HTTP/1.1 200 OK\r\n" + framing);
      send_body(socket);
    });
    Gateway gateway(upstream.port());
    auto socket = gateway.connect();
    const auto before = resident_kib();
    socket.send("POST /big HTTP/1.1\r\nHost: test\r\n" + framing);
    send_body(socket);
    ASSERT_TRUE(socket.read_through("\r\n\r\n"));
    EXPECT_EQ(receive_body(socket), big);
    EXPECT_EQ(uploaded, big);
    if (memory_is_telling) {
      EXPECT_LT(resident_kib() - before, 16 * 1024) << "a body was gathered somewhere";
    }
  }
}

TEST(Proxy, BackPressureReachesTheUpstream) {
  // The client reads nothing: the upstream must be stopped long before it has sent everything.
  std::promise<std::size_t> sent;
  ScriptedUpstream upstream([&](RawSocket& socket, int) {
    socket.read_through("\r\n\r\n");
    socket.send("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
    const std::string block(piece, 'x');
    std::size_t total = 0;
    while (total < 1'073'741'824 && socket.send(block)) total += piece;
    sent.set_value(total);
  });
  ServerOptions options;
  options.limits.write_timeout = 300ms;
  Gateway gateway(upstream.port(), {}, options);
  auto socket = gateway.connect();
  socket.send(get_a);
  EXPECT_LT(sent.get_future().get(), 100 * 1024 * 1024);
}

const std::string handshake =
    "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
    "Sec-WebSocket-Key: x\r\n\r\n";

ForwardOptions websockets() {
  ForwardOptions options;
  options.upgrades = Upgrades::websocket;
  return options;
}

TEST(Tunnel, CarriesBytesBothWaysUntilBothEnd) {
  ScriptedUpstream upstream([](RawSocket& socket, int) {
    const auto head = socket.read_through("\r\n\r\n").value_or("");
    EXPECT_NE(head.find("Connection: Upgrade\r\nUpgrade: websocket\r\n"), std::string::npos);
    EXPECT_NE(head.find("Sec-WebSocket-Key: x\r\n"), std::string::npos);
    socket.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: y\r\n\r\nhello");
    socket.send(socket.read_to_end() + "!");
  });
  Gateway gateway(upstream.port(), websockets());
  auto socket = gateway.connect();
  socket.send(handshake + "early ");
  const auto answer = read_answer(socket);
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.headers.find("Upgrade"), "websocket");
  EXPECT_EQ(answer.headers.find("Connection"), "Upgrade");
  EXPECT_EQ(answer.headers.find("Sec-WebSocket-Accept"), "y");
  EXPECT_EQ(socket.read_exactly(5), "hello");
  socket.send("late");
  socket.shutdown_send();
  EXPECT_EQ(socket.read_to_end(), "early late!");
}

TEST(Tunnel, EndsWhenNothingMoves) {
  ScriptedUpstream upstream([](RawSocket& socket, int) {
    socket.read_through("\r\n\r\n");
    socket.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    socket.read_to_end();
  });
  auto options = websockets();
  options.tunnel_idle_timeout = 50ms;
  Gateway gateway(upstream.port(), options);
  auto socket = gateway.connect();
  socket.send(handshake);
  EXPECT_EQ(read_answer(socket).status, 101);
  EXPECT_TRUE(socket.at_end());
}

TEST(Tunnel, ARefusedHandshakeIsAnOrdinaryAnswer) {
  Recording recording("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  Gateway gateway(recording.upstream.port(), websockets());
  auto socket = gateway.connect();
  socket.send(handshake + get_a);
  EXPECT_EQ(read_answer(socket).status, 403);
  EXPECT_EQ(read_answer(socket).status, 403);
}

TEST(Tunnel, OtherUpgradesAndUnwantedOnesAreForwardedPlain) {
  Recording recording("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  {
    Gateway gateway(recording.upstream.port(), websockets());
    EXPECT_EQ(gateway.get("/", "Connection: Upgrade\r\nUpgrade: h2c\r\n").status, 200);
    EXPECT_EQ(gateway.get("/", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n").status, 200);
    EXPECT_EQ(gateway.get("/", "Upgrade: websocket\r\n").status, 200);
  }
  Gateway refusing(recording.upstream.port());
  EXPECT_EQ(refusing.ask(handshake).status, 200);
  for (const auto& head : recording.heads) EXPECT_EQ(head.find("Upgrade"), std::string::npos);
}

TEST(Tunnel, IsCutByAShutdown) {
  std::promise<void> ended;
  ScriptedUpstream upstream([&](RawSocket& socket, int) {
    socket.read_through("\r\n\r\n");
    socket.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    socket.read_to_end();
    ended.set_value();
  });
  Gateway gateway(upstream.port(), websockets());
  auto socket = gateway.connect();
  socket.send(handshake);
  EXPECT_EQ(read_answer(socket).status, 101);
  EXPECT_EQ(gateway.server->stop(10ms), 1U);
  EXPECT_TRUE(socket.at_end());
  EXPECT_EQ(ended.get_future().wait_for(10s), std::future_status::ready);
}

}  // namespace
}  // namespace vestibule::http
