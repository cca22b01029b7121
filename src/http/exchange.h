#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

#include "http/problem.h"
#include "http/request.h"
#include "http/response.h"

namespace vestibule::http {

/// The client went away, or its connection failed. Nothing can be answered; let it pass through.
struct Disconnected : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The body that the client sends is malformed, too large or too slow; the server answers it.
struct BodyRefused : std::runtime_error {
  explicit BodyRefused(Problem why) : std::runtime_error(why.message), problem(std::move(why)) {}
  Problem problem;
};

/// The bytes of a connection after it stopped being HTTP (101 Switching Protocols).
class RawStream {
 public:
  virtual ~RawStream() = default;
  /// At least one byte, or 0 at the end of the stream. Throws Disconnected.
  virtual boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer) = 0;
  virtual boost::asio::awaitable<void> write(std::string_view bytes) = 0;
  /// Ends our direction; the other may go on.
  virtual void shutdown_send() = 0;
  /// Ends both directions and fails what is waiting.
  virtual void close() = 0;
};

/// How the length of an answer's body is told.
struct BodyFraming {
  enum class Kind {
    none,    ///< HEAD, 204, 304: the fields may describe a body, none follows
    length,  ///< Content-Length
    chunked  ///< until finish(); to an HTTP/1.0 client, until the connection ends
  };
  Kind kind = Kind::chunked;
  std::uint64_t length = 0;  ///< for `length`
};

/// One request and its answer, streamed both ways with back-pressure: nothing is read that nobody
/// asked for, and a write returns when the socket has taken the bytes. Used on its own io thread.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual RequestHead& head() = 0;
  virtual bool has_body() const = 0;
  /// nullopt for a chunked body and for none.
  virtual std::optional<std::uint64_t> content_length() const = 0;
  /// The next piece of the body, empty at its end; it stays valid until the next call. The first
  /// call answers `Expect: 100-continue`. Trailers are dropped. Throws BodyRefused, Disconnected.
  virtual boost::asio::awaitable<std::string_view> read_body() = 0;
  /// From now on read_body refuses more than `bytes` in total.
  virtual void limit_body(std::uint64_t bytes) = 0;

  /// The rest of the body is not wanted: a read_body that waits, and every later one, throws
  /// Disconnected. The connection ends after the answer.
  virtual void stop_body() = 0;

  /// A whole answer.
  virtual boost::asio::awaitable<void> respond(Response response) = 0;
  /// The head of a streamed one: `response.body` is ignored. Framing fields are the server's: what
  /// the response has of Content-Length, Transfer-Encoding and Connection is replaced, except that
  /// `none` leaves Content-Length.
  virtual boost::asio::awaitable<void> write_head(Response response, BodyFraming framing) = 0;
  virtual boost::asio::awaitable<void> write_body(std::string_view bytes) = 0;
  /// Ends the answer. Throws std::logic_error if fewer bytes than `length` were written.
  virtual boost::asio::awaitable<void> finish() = 0;
  virtual bool head_written() const = 0;
  /// Gives up on an answer whose head is out: the connection is cut, so that the client cannot take
  /// what it got for the whole.
  virtual void abort() = 0;

  /// Calls `gone` once if the client closes the connection while the answer is being made. Only
  /// after the body has been read. An empty function takes the wish back.
  virtual void on_disconnect(std::function<void()> gone) = 0;

  /// Writes `response` (status 101 with its Upgrade field) and hands the bytes over for tunnelling.
  /// The stream lives as long as the exchange.
  virtual boost::asio::awaitable<RawStream*> upgrade(Response response) = 0;
};

using StreamHandler = std::function<boost::asio::awaitable<void>(Exchange&)>;

}  // namespace vestibule::http
