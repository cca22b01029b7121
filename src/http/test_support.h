#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "http/headers.h"
#include "http/server.h"

namespace vestibule::http::testing {

/// A blocking socket that sends and reads bytes as they are; every wait ends after 10 s.
class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {
    const timeval limit{10, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  RawSocket(RawSocket&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}
  RawSocket& operator=(RawSocket&&) = delete;
  ~RawSocket() { close(); }

  static RawSocket connect(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    RawSocket socket(::socket(AF_INET, SOCK_STREAM, 0));
    if (::connect(socket.descriptor_, reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) != 0)
      throw std::runtime_error("cannot connect");
    return socket;
  }
  static RawSocket connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    RawSocket socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    if (::connect(socket.descriptor_, reinterpret_cast<const sockaddr*>(&address),
                  sizeof address) != 0)
      throw std::runtime_error("cannot connect");
    return socket;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// More bytes into the buffer; false at the end, after an error or a time-out.
  bool fill() {
    char chunk[16384];
    const auto received = ::recv(descriptor_, chunk, sizeof chunk, 0);
    if (received <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(received));
    return true;
  }
  /// Everything up to and with `mark`; nullopt if the stream ends before.
  std::optional<std::string> read_through(std::string_view mark) {
    for (;;) {
      if (const auto at = buffer_.find(mark); at != std::string::npos)
        return take(at + mark.size());
      if (!fill()) return std::nullopt;
    }
  }
  std::string read_exactly(std::size_t count) {
    while (buffer_.size() < count) {
      if (!fill()) break;
    }
    return take(std::min(count, buffer_.size()));
  }
  std::string read_to_end() {
    while (fill()) continue;
    return take(buffer_.size());
  }
  /// True if the peer ends the stream without another byte.
  bool at_end() { return buffer_.empty() && !fill(); }
  void shutdown_send() { ::shutdown(descriptor_, SHUT_WR); }
  /// Closes with a reset, as a process that is killed with unread data does.
  void reset() {
    const linger abrupt{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
    close();
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  int descriptor() const { return descriptor_; }

 private:
  std::string take(std::size_t count) {
    auto bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
  }

  int descriptor_;
  std::string buffer_;
};

/// An answer as a plain client reads it.
struct Answer {
  int status = 0;
  HeaderList headers;
  std::string body;
};

enum class AnswerTo { get, head };

/// Reads one answer with Content-Length, chunked coding, or until the end; status 0 for none.
inline Answer read_answer(RawSocket& socket, AnswerTo method = AnswerTo::get) {
  Answer answer;
  const auto head = socket.read_through("\r\n\r\n");
  if (!head) return answer;
  answer.status = std::stoi(head->substr(9, 3));
  std::size_t at = head->find("\r\n") + 2;
  while (at + 2 < head->size()) {
    const auto end = head->find("\r\n", at);
    const auto line = head->substr(at, end - at);
    const auto colon = line.find(": ");
    answer.headers.add(line.substr(0, colon), line.substr(colon + 2));
    at = end + 2;
  }
  if (method == AnswerTo::head || answer.status < 200 || answer.status == 204 ||
      answer.status == 304)
    return answer;
  if (const auto length = answer.headers.find("Content-Length")) {
    answer.body = socket.read_exactly(std::stoul(std::string(*length)));
  } else if (answer.headers.find("Transfer-Encoding") == "chunked") {
    while (const auto line = socket.read_through("\r\n")) {
      const auto size = std::stoul(*line, nullptr, 16);
      answer.body += socket.read_exactly(size);
      socket.read_through("\r\n");
      if (size == 0) break;
    }
  } else {
    answer.body = socket.read_to_end();
  }
  return answer;
}

/// A server with one site on a free port.
struct TestServer {
  explicit TestServer(ServerOptions options = {}, RequestObserver* observer = nullptr) {
    if (options.threads == 0) options.threads = 2;
    site.name = "test";
    server = std::make_unique<Server>(
        std::move(options),
        [this](const RequestHead& head) { return head.host == "unknown" ? nullptr : &site; }, clock,
        random, observer);
  }
  void start() {
    const auto bound = server->listen("127.0.0.1", 0);
    if (!bound) throw std::runtime_error(bound.error().message);
    port = *bound;
    server->start();
  }
  RawSocket connect() const { return RawSocket::connect(port); }
  /// Sends one request on a connection of its own.
  Answer ask(std::string_view bytes) const {
    auto socket = connect();
    socket.send(bytes);
    return read_answer(socket);
  }
  Answer get(const std::string& path, const std::string& fields = {}) const {
    return ask("GET " + path + " HTTP/1.1\r\nHost: test\r\n" + fields + "\r\n");
  }

  base::FakeClock clock;
  base::FakeRandom random;
  Site site;
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;
};

/// An upstream that does what a test says: `serve` is called, each on a thread of its own, with
/// every connection and its number.
class ScriptedUpstream {
 public:
  using Serve = std::function<void(RawSocket&, int number)>;

  explicit ScriptedUpstream(Serve serve) : serve_(std::move(serve)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, length) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, generic, &length) != 0)
      throw std::runtime_error("cannot listen");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] {
      for (int number = 0;; ++number) {
        const int descriptor = ::accept(listener_, nullptr, nullptr);
        if (descriptor < 0) return;
        threads_.emplace_back([this, descriptor, number] {
          RawSocket socket(descriptor);
          serve_(socket, number);
        });
      }
    });
  }
  ~ScriptedUpstream() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }

 private:
  Serve serve_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace vestibule::http::testing
