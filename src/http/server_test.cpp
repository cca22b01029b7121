#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <filesystem>
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
using testing::TestServer;
using namespace std::chrono_literals;

awaitable<Response> echo(Request& request) {
  co_return Response::text(200, request.method + " " + request.path + " " + request.body);
}

/// The routes that the tests of this file ask for.
void add_routes(Site& site) {
  site.router.add("GET", "/", echo);
  site.router.add("POST", "/echo", echo, {"echo", 1000, {}});
  site.router.add("GET", "/head", [](Request& request) -> awaitable<Response> {
    co_return Response::text(200, request.host + " " + request.scheme + " " +
                                      request.client_address.to_string() + " " +
                                      request.peer_address.to_string());
  });
  site.router.add("GET", "/cookie", [](Request&) -> awaitable<Response> {
    SetCookie cookie;
    cookie.name = "__Host-a";
    cookie.value = "b";
    auto response = Response::text(200, "x");
    response.with_header("Cache-Control", "public").with_cookie(cookie);
    co_return response;
  });
  site.router.add("GET", "/throw", [](Request&) -> awaitable<Response> {
    throw std::runtime_error("secret detail");
    co_return Response{};
  });
  site.router.add("GET", "/split", [](Request&) -> awaitable<Response> {
    co_return Response::text(200, "x").with_header("X-A", "a\r\nX-B: b");
  });
}

struct Fixture : TestServer {
  explicit Fixture(ServerOptions options = {}, RequestObserver* observer = nullptr)
      : TestServer(std::move(options), observer) {
    add_routes(site);
    start();
  }
};

ServerOptions with_limits(ServerLimits limits) {
  ServerOptions options;
  options.limits = limits;
  return options;
}

const std::string get_root = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

TEST(Server, KeepsTheConnectionAndAnswersInOrder) {
  Fixture fixture;
  auto socket = fixture.connect();
  for (int i = 0; i < 3; ++i) {
    socket.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n" +
                std::to_string(i));
    const auto answer = read_answer(socket);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /echo " + std::to_string(i));
    EXPECT_FALSE(answer.headers.contains("Connection"));
    EXPECT_TRUE(answer.headers.contains("Date"));
  }
}

TEST(Server, PipelinedRequestsAreAnsweredInOrderHoweverTheyAreCut) {
  Fixture fixture;
  std::string bytes;
  for (int i = 0; i < 5; ++i) {
    bytes += "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" +
             std::to_string(i) + "\r\n0\r\nT: x\r\n\r\n" + get_root;
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{13}, bytes.size()}) {
    auto socket = fixture.connect();
    for (std::size_t at = 0; at < bytes.size(); at += step) socket.send(bytes.substr(at, step));
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(read_answer(socket).body, "POST /echo " + std::to_string(i));
      EXPECT_EQ(read_answer(socket).body, "GET / ");
    }
  }
}

TEST(Server, SmugglingIsRefusedAndTheConnectionClosed) {
  Fixture fixture;
  const std::string hidden = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  const std::vector<std::pair<std::string, int>> table{
      {"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
       "\r\n0\r\n\r\n",
       400},
      {"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\nContent-Length: 33\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
       400},
      {"POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
       400},
      {"POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
      {"POST /echo HTTP/1.1\r\nHost: test\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: test\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: test\r\nX: a\nY: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: test\r\nHost: other\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET http://other/ HTTP/1.1\r\nHost: test\r\n\r\n", 400},
      {"GET /a%2fb HTTP/1.1\r\nHost: test\r\n\r\n", 400},
      {"GET / HTTP/3.0\r\nHost: test\r\n\r\n", 505},
      {"CONNECT test:80 HTTP/1.1\r\nHost: test:80\r\n\r\n", 501},
      {"POST /echo HTTP/1.1\r\nHost: test\r\nExpect: luck\r\nContent-Length: 1\r\n\r\n", 417},
  };
  for (const auto& [bytes, status] : table) {
    auto socket = fixture.connect();
    socket.send(bytes + hidden);
    const auto answer = read_answer(socket);
    EXPECT_EQ(answer.status, status) << bytes;
    EXPECT_EQ(answer.headers.find("Connection"), "close") << bytes;
    EXPECT_TRUE(socket.at_end()) << bytes;
  }
}

TEST(Server, AMalformedChunkEndsTheConnection) {
  Fixture fixture;
  for (const auto* const body : {"5\nhello\r\n0\r\n\r\n", "5\r\nhelloX0\r\n\r\n", "g\r\n"}) {
    auto socket = fixture.connect();
    socket.send("POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n" +
                std::string(body) + get_root);
    EXPECT_EQ(read_answer(socket).status, 400);
    EXPECT_TRUE(socket.at_end());
  }
}

TEST(Server, ARefusalHasTheRightDate) {
  Fixture fixture;
  fixture.clock.set(base::Time{std::chrono::seconds(784'111'777)});
  EXPECT_EQ(fixture.ask("nonsense\r\n\r\n").headers.find("Date"), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Server, LimitsTheHead) {
  Fixture fixture;
  const auto big = "GET / HTTP/1.1\r\nHost: test\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n";
  EXPECT_EQ(fixture.ask(big).status, 431);
  std::string many = "GET / HTTP/1.1\r\nHost: test\r\n";
  for (int i = 0; i < 100; ++i) many += "X: y\r\n";
  EXPECT_EQ(fixture.ask(many + "\r\n").status, 431);
}

TEST(Server, LimitsTheBodyBeforeItIsSent) {
  Fixture fixture;
  auto socket = fixture.connect();
  socket.send(
      "POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
      "Content-Length: 1001\r\n\r\n");
  const auto answer = read_answer(socket);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.headers.find("Connection"), "close");
}

TEST(Server, LimitsAChunkedBodyAsItComes) {
  Fixture fixture;
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";
  const auto body = [](std::size_t size) {
    return "3e8\r\n" + std::string(1000, 'x') + "\r\n" +
           (size > 1000 ? "1\r\ny\r\n" : std::string()) + "0\r\n\r\n";
  };
  EXPECT_EQ(fixture.ask(head + body(1000)).status, 200);
  EXPECT_EQ(fixture.ask(head + body(1001)).status, 413);
}

TEST(Server, AnswersTheExpectationOnce) {
  Fixture fixture;
  auto socket = fixture.connect();
  socket.send(
      "POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-Continue\r\n"
      "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(read_answer(socket).status, 100);
  socket.send("ab");
  EXPECT_EQ(read_answer(socket).body, "POST /echo ab");
}

TEST(Server, AnUnreadBodyDoesNotBecomeARequest) {
  Fixture fixture;
  auto socket = fixture.connect();
  socket.send("POST /nothing HTTP/1.1\r\nHost: test\r\nContent-Length: " +
              std::to_string(get_root.size()) + "\r\n\r\n" + get_root + get_root);
  EXPECT_EQ(read_answer(socket).status, 404);
  EXPECT_EQ(read_answer(socket).status, 200);
  socket.shutdown_send();
  EXPECT_TRUE(socket.at_end());
}

TEST(Server, HeadHasTheLengthAndNoBody) {
  Fixture fixture;
  auto socket = fixture.connect();
  socket.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n" + get_root);
  const auto head = read_answer(socket, AnswerTo::head);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.find("Content-Length"), "7");
  EXPECT_EQ(read_answer(socket).body, "GET / ");
}

TEST(Server, OldClientsAreClosed) {
  Fixture fixture;
  auto socket = fixture.connect();
  socket.send("GET / HTTP/1.0\r\nHost: test\r\nConnection: keep-alive\r\n\r\n");
  const auto answer = read_answer(socket);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.find("Connection"), "close");
  EXPECT_TRUE(socket.at_end());
}

TEST(Server, RoutesAndTellsWhy) {
  Fixture fixture;
  EXPECT_EQ(fixture.get("/nowhere").status, 404);
  const auto wrong_method = fixture.ask("PUT / HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(wrong_method.status, 405);
  EXPECT_EQ(wrong_method.headers.find("Allow"), "GET, HEAD");
  EXPECT_EQ(fixture.ask("GET / HTTP/1.1\r\nHost: unknown\r\n\r\n").status, 421);
}

TEST(Server, ProblemsTakeTheFormOfTheRoute) {
  TestServer fixture;
  fixture.site.errors = [](const RequestHead&, const Problem& problem) {
    return Response::html(200, std::string(to_string(problem.kind)));
  };
  RouteOptions own;
  own.errors = [](const RequestHead&, const Problem& problem) {
    return Response::json(400, "{\"error\":\"" + std::string(to_string(problem.kind)) + "\"}");
  };
  own.body_limit = 1;
  fixture.site.router.add("POST", "/own", echo, own);
  fixture.start();
  const auto missing = fixture.get("/nowhere");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, "not_found");
  const auto large = fixture.ask("POST /own HTTP/1.1\r\nHost: test\r\nContent-Length: 2\r\n\r\nab");
  EXPECT_EQ(large.status, 400);
  EXPECT_EQ(large.body, "{\"error\":\"body_too_large\"}");
}

TEST(Server, ACookieIsNeverCached) {
  Fixture fixture;
  const auto answer = fixture.get("/cookie");
  EXPECT_EQ(answer.headers.find_all("Cache-Control"),
            std::vector<std::string_view>{"private, no-store"});
  EXPECT_EQ(answer.headers.find("Set-Cookie"),
            "__Host-a=b; Path=/; Secure; HttpOnly; SameSite=Lax");
}

TEST(Server, AnExceptionIs500AndTellsNothing) {
  Fixture fixture;
  auto socket = fixture.connect();
  socket.send("GET /throw HTTP/1.1\r\nHost: test\r\n\r\n" + get_root);
  const auto answer = read_answer(socket);
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  EXPECT_EQ(read_answer(socket).status, 200);
}

TEST(Server, ALostDependencyIs503) {
  TestServer fixture;
  add_routes(fixture.site);
  fixture.site.classify = [](const std::exception_ptr&) { return ProblemKind::unavailable; };
  fixture.start();
  EXPECT_EQ(fixture.get("/throw").status, 503);
}

TEST(Server, AHandlerCannotSplitItsAnswer) {
  Fixture fixture;
  const auto answer = fixture.get("/split");
  EXPECT_EQ(answer.status, 500);
  EXPECT_FALSE(answer.headers.contains("X-B"));
}

TEST(Server, BelievesTrustedProxiesOnly) {
  const std::string forwarded =
      "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Forwarded-Proto: https\r\n";
  Fixture direct;
  EXPECT_EQ(direct.get("/head", forwarded).body, "test http 127.0.0.1 127.0.0.1");
  ServerOptions options;
  options.trusted_proxies.push_back(*Cidr::parse("127.0.0.0/8"));
  Fixture behind(options);
  EXPECT_EQ(behind.get("/head", forwarded).body, "test https 203.0.113.9 127.0.0.1");
}

TEST(Server, SlowHeadsAreCutOff) {
  ServerLimits limits;
  limits.header_timeout = 50ms;
  Fixture fixture(with_limits(limits));
  auto silent = fixture.connect();
  auto dripping = fixture.connect();
  dripping.send("GET / HTTP/1.1\r\nHost: te");
  EXPECT_EQ(read_answer(dripping).status, 408);
  EXPECT_TRUE(dripping.at_end());
  EXPECT_TRUE(silent.at_end());
}

TEST(Server, IdleConnectionsAreClosedQuietly) {
  ServerLimits limits;
  limits.idle_timeout = 50ms;
  Fixture fixture(with_limits(limits));
  auto socket = fixture.connect();
  socket.send(get_root);
  EXPECT_EQ(read_answer(socket).status, 200);
  EXPECT_TRUE(socket.at_end());
}

TEST(Server, SlowBodiesAreCutOff) {
  ServerLimits limits;
  limits.body_grace = 50ms;
  Fixture fixture(with_limits(limits));
  auto socket = fixture.connect();
  socket.send("POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 100\r\n\r\nx");
  EXPECT_EQ(read_answer(socket).status, 408);
  EXPECT_TRUE(socket.at_end());
}

TEST(Server, ConnectionsPastTheLimitAreClosed) {
  ServerLimits limits;
  limits.connections = 1;
  Fixture fixture(with_limits(limits));
  auto first = fixture.connect();
  first.send(get_root);
  EXPECT_EQ(read_answer(first).status, 200);
  auto second = fixture.connect();
  EXPECT_TRUE(second.at_end());
}

TEST(Server, ServesALocalSocketToItsOwnerOnly) {
  const auto path = (std::filesystem::temp_directory_path() /
                     ("vestibule-http-test-" + std::to_string(::getpid()) + ".sock"))
                        .string();
  TestServer fixture;
  add_routes(fixture.site);
  const auto select = [&](const RequestHead&) { return &fixture.site; };
  ASSERT_TRUE(fixture.server->listen_local(path, select));
  fixture.start();
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  auto socket = RawSocket::connect(path);
  socket.send("GET /head HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
  EXPECT_EQ(read_answer(socket).body, "x http 203.0.113.9 ::");

  TestServer other;
  EXPECT_FALSE(other.server->listen_local(path, select)) << "a living socket is not taken over";
  socket.close();
  fixture.server->stop(1s);
  EXPECT_NE(::stat(path.c_str(), &status), 0);
  EXPECT_TRUE(other.server->listen_local(path, select));
  other.server->start();
  other.server->stop(0ms);
}

TEST(Server, TwoServersCannotShareAPortByAccident) {
  Fixture first;
  TestServer second;
  const auto bound = second.server->listen("127.0.0.1", first.port);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().reason, "listen");
  EXPECT_FALSE(second.server->listen("not-an-address", 0));
}

/// A handler that waits until the test lets it go on.
class Gate {
 public:
  Handler handler() {
    return [this](Request&) -> awaitable<Response> {
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
      timer.expires_at(std::chrono::steady_clock::time_point::max());
      {
        const std::lock_guard lock(mutex_);
        timer_ = &timer;
        entered_.notify_all();
      }
      boost::system::error_code ignored;
      auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
      co_await timer.async_wait(token);
      co_return Response::text(200, "late");
    };
  }
  void wait_entered() {
    std::unique_lock lock(mutex_);
    entered_.wait(lock, [this] { return timer_ != nullptr; });
  }
  void open() {
    boost::asio::post(timer_->get_executor(), [this] { timer_->cancel(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable entered_;
  boost::asio::steady_timer* timer_ = nullptr;
};

TEST(Shutdown, FinishesWhatIsUnderWayAndClosesTheIdle) {
  // One thread: when the idle connection has been closed, the busy one knows as well.
  ServerOptions options;
  options.threads = 1;
  TestServer fixture(options);
  Gate gate;
  add_routes(fixture.site);
  fixture.site.router.add("GET", "/wait", gate.handler());
  fixture.start();
  auto idle = fixture.connect();
  idle.send(get_root);
  read_answer(idle);
  auto busy = fixture.connect();
  busy.send("GET /wait HTTP/1.1\r\nHost: test\r\n\r\n");
  gate.wait_entered();
  auto stopped = std::async(std::launch::async, [&] { return fixture.server->stop(10s); });
  EXPECT_TRUE(idle.at_end());
  gate.open();
  const auto answer = read_answer(busy);
  EXPECT_EQ(answer.body, "late");
  EXPECT_EQ(answer.headers.find("Connection"), "close");
  EXPECT_TRUE(busy.at_end());
  EXPECT_EQ(stopped.get(), 0U);
  EXPECT_THROW(fixture.connect(), std::runtime_error);
}

TEST(Shutdown, CutsWhatDoesNotEnd) {
  TestServer fixture;
  add_routes(fixture.site);
  fixture.start();
  auto busy = fixture.connect();
  busy.send(
      "POST /echo HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
      "Content-Length: 9\r\n\r\n");
  EXPECT_EQ(read_answer(busy).status, 100);
  EXPECT_EQ(fixture.server->stop(10ms), 1U);
  EXPECT_TRUE(busy.at_end());
}

struct Recorder : RequestObserver {
  void request_done(const RequestRecord& record) override {
    const std::lock_guard lock(mutex);
    lines.push_back(std::string(record.site) + " " + std::string(record.route) + " " +
                    std::string(record.method) + " " + std::to_string(record.status));
  }
  void connection_opened() override { ++opened; }
  void connection_closed() override { ++closed; }

  std::mutex mutex;
  std::vector<std::string> lines;
  std::atomic<int> opened = 0;
  std::atomic<int> closed = 0;
};

TEST(Observer, IsToldEverythingByBoundedNames) {
  Recorder recorder;
  {
    Fixture fixture({}, &recorder);
    auto socket = fixture.connect();
    socket.send(
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\na"
        "GET /x?token=secret HTTP/1.1\r\nHost: test\r\n\r\n"
        "BREW / HTTP/1.1\r\nHost: test\r\n\r\nnonsense\r\n\r\n");
    socket.read_to_end();
    fixture.server->stop(1s);
  }
  EXPECT_THAT(recorder.lines, ::testing::ElementsAre("test echo POST 200", "test none GET 404",
                                                     "test none OTHER 405", "none none OTHER 400"));
  EXPECT_EQ(recorder.opened, 1);
  EXPECT_EQ(recorder.closed, 1);
}

}  // namespace
}  // namespace vestibule::http
