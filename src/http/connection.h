#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "http/body.h"
#include "http/buffer.h"
#include "http/exchange.h"
#include "http/head_writer.h"
#include "http/stream.h"
#include "http/watchdog.h"
#include "http/wire.h"
#include "http/worker.h"

namespace vestibule::http {

/// What a listener knows about a connection that it accepted.
struct Accepted {
  const SiteSelector* select = nullptr;
  Transport transport = Transport::tcp;
  std::string scheme = "http";
  IpAddress peer;
};

/// One client connection: reads request after request, lets the site answer each, and is the
/// Exchange of the one at hand. Requests that were pipelined wait in the buffer; answers leave in
/// order because the next head is parsed only when the answer is out.
template <class Stream>
class Connection final : public Exchange,
                         public ConnectionBase,
                         public std::enable_shared_from_this<Connection<Stream>> {
 public:
  Connection(Worker& worker, Stream stream, Accepted accepted);
  ~Connection() override;

  /// Serves until the connection ends. Keeps itself alive; never throws.
  boost::asio::awaitable<void> run();

  void drain() override;
  void cut() override;

  RequestHead& head() override { return request_; }
  bool has_body() const override { return control_.framing.kind != Framing::Kind::none; }
  std::optional<std::uint64_t> content_length() const override;
  boost::asio::awaitable<std::string_view> read_body() override;
  void limit_body(std::uint64_t bytes) override { body_limit_ = bytes; }
  void stop_body() override;
  boost::asio::awaitable<void> respond(Response response) override;
  boost::asio::awaitable<void> write_head(Response response, BodyFraming framing) override;
  boost::asio::awaitable<void> write_body(std::string_view bytes) override;
  boost::asio::awaitable<void> finish() override;
  bool head_written() const override { return head_written_; }
  void abort() override;
  void on_disconnect(std::function<void()> gone) override;
  boost::asio::awaitable<RawStream*> upgrade(Response response) override;

 private:
  class Tunnel final : public RawStream {
   public:
    explicit Tunnel(Connection& connection) : connection_(connection) {}
    boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer) override;
    boost::asio::awaitable<void> write(std::string_view bytes) override;
    void shutdown_send() override { connection_.stream_.shutdown_send(); }
    void close() override { connection_.stream_.close(); }

   private:
    Connection& connection_;
  };
  enum class Next { request, end };

  // connection_head.ipp: reading heads, choosing who answers, failures.
  boost::asio::awaitable<bool> shake_hands();
  boost::asio::awaitable<Next> read_head();
  boost::asio::awaitable<void> refuse_head(WireError error);
  void describe_client();
  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<void> dispatch();
  boost::asio::awaitable<void> answer_failure(std::exception_ptr failure);
  boost::asio::awaitable<void> respond_problem(Problem problem);
  Response render(const Problem& problem) const;
  boost::asio::awaitable<Next> settle();
  boost::asio::awaitable<void> linger();
  std::string_view logged_path() const;
  void report();
  void begin_request();

  // connection_body.ipp: the Exchange.
  boost::asio::awaitable<void> read_more_body();
  void decide_persistence();
  boost::asio::awaitable<void> write(std::string_view first, std::string_view second);
  boost::asio::awaitable<void> write_rest(std::string_view first, std::string_view second);
  bool body_is_forbidden(int status) const;
  void watch();
  void stop_watching();

  const ServerLimits& limits() const { return worker_.shared().options.limits; }

  Worker& worker_;
  Stream stream_;
  Accepted accepted_;
  Watchdog read_watchdog_;
  Watchdog write_watchdog_;
  ByteBuffer buffer_;
  std::string out_;
  bool idle_ = true;
  bool draining_ = false;
  bool served_ = false;  ///< a request has come
  bool read_timed_out_ = false;
  bool write_timed_out_ = false;
  bool close_after_ = false;  ///< no further request after this one
  bool unread_ = false;       ///< the client may be sending still: linger

  // Of the request at hand.
  Request request_;
  RequestControl control_;
  BodyDecoder body_;
  std::uint64_t body_limit_ = 0;
  std::uint64_t body_received_ = 0;
  std::size_t body_piece_ = 0;  ///< buffered bytes that the last piece of the body occupies
  std::chrono::steady_clock::duration body_waited_{};
  bool continue_due_ = false;
  bool body_stopped_ = false;
  const Site* site_ = nullptr;
  const Route* route_ = nullptr;
  std::string allow_;
  int status_ = 0;
  bool head_written_ = false;
  bool finished_ = false;
  bool aborted_ = false;
  bool body_suppressed_ = false;
  BodyFraming framing_;
  std::uint64_t body_sent_ = 0;
  std::chrono::steady_clock::time_point started_;
  std::function<void()> gone_;
  boost::asio::cancellation_signal watch_cancel_;
  bool watching_ = false;
  Tunnel tunnel_{*this};
};

}  // namespace vestibule::http

#include "http/connection_body.ipp"
#include "http/connection_head.ipp"
