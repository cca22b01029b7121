#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/body.h"
#include "http/buffer.h"
#include "http/proxy.h"
#include "http/stream.h"
#include "http/watchdog.h"
#include "http/wire.h"

namespace vestibule::http {

/// An upstream that did not do its part.
struct UpstreamFailure : std::runtime_error {
  enum class Kind {
    unreachable,  ///< no connection
    timeout,
    closed,    ///< it ended the connection before the first byte of its answer
    cut,       ///< it ended the connection later
    protocol,  ///< what it sends is not HTTP/1.1 as wire.h knows it
  };
  UpstreamFailure(Kind which, const std::string& what) : std::runtime_error(what), kind(which) {}
  Kind kind;
};

/// One connection to an upstream: a request goes out, its answer comes in, and so on. Reading and
/// writing may go on at the same time, each by one coroutine. Every failure is an UpstreamFailure.
class UpstreamConnection {
 public:
  UpstreamConnection(PlainStream stream, const UpstreamOptions& options);

  boost::asio::awaitable<void> write(std::string_view first, std::string_view second,
                                     std::chrono::milliseconds timeout);
  /// Waits for a final head (interim ones are skipped, but for 101), without limit until
  /// start_clock() was called.
  boost::asio::awaitable<ResponseHead> read_head(std::string_view method);
  /// Says that read_head follows, so that start_clock may come first.
  void expect_head() { head_pending_ = true; }
  /// From now on the awaited head has `timeout` to come; nothing if it is there.
  void start_clock(std::chrono::milliseconds timeout);
  /// The next piece of the answer's body, empty at its end.
  boost::asio::awaitable<std::string_view> read_body(std::chrono::milliseconds timeout);
  /// For a tunnel: raw bytes, 0 at the end.
  boost::asio::awaitable<std::string_view> read_raw();

  /// Whether another request may follow the answer that has been read.
  bool reusable() const;
  /// False if the upstream has closed the idle connection, or talks unasked.
  bool quiet();
  void shutdown_send() { stream_.shutdown_send(); }
  void close() { stream_.close(); }

 private:
  boost::asio::awaitable<bool> fill();

  PlainStream stream_;
  HeadLimits limits_;
  ByteBuffer buffer_;
  std::size_t piece_ = 0;
  BodyDecoder body_;
  Persistence persistence_ = Persistence::close;
  bool head_pending_ = false;
  bool read_timed_out_ = false;
  bool write_timed_out_ = false;
  Watchdog read_watchdog_;
  Watchdog write_watchdog_;
};

/// Opens a connection; throws UpstreamFailure (unreachable or timeout).
boost::asio::awaitable<std::unique_ptr<UpstreamConnection>> connect_upstream(
    const UpstreamPool& pool);

/// The idle connections of one io_context, for all pools; used on its thread only.
class IdleConnections final : public boost::asio::execution_context::service {
 public:
  using key_type = IdleConnections;
  static boost::asio::execution_context::id id;

  explicit IdleConnections(boost::asio::execution_context& context);

  /// The most recently used quiet one, or null.
  std::unique_ptr<UpstreamConnection> take(const UpstreamPool& pool);
  void put(const UpstreamPool& pool, std::unique_ptr<UpstreamConnection> connection,
           const boost::asio::any_io_executor& executor);

 private:
  struct Entry {
    std::unique_ptr<UpstreamConnection> connection;
    std::chrono::steady_clock::time_point expires;
  };
  void shutdown() override;
  void sweep();
  void schedule_sweep(std::chrono::steady_clock::time_point when);

  std::unordered_map<std::uint64_t, std::deque<Entry>> idle_;
  std::optional<boost::asio::steady_timer> timer_;
  bool sweeping_ = false;
};

}  // namespace vestibule::http
