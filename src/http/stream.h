#pragma once

#include <sys/socket.h>

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

namespace vestibule::http {

using ErrorCode = boost::system::error_code;

/// A TCP or unix-domain connection without encryption. What Connection is a template over: an
/// encrypted stream offers the same members.
class PlainStream {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Buffers = std::array<boost::asio::const_buffer, 2>;

  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {
    ErrorCode ignored;
    socket_.non_blocking(true, ignored);
  }

  boost::asio::any_io_executor executor() { return socket_.get_executor(); }

  /// 0 with an error at the end of the stream.
  boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer, ErrorCode& error) {
    return socket_.async_read_some(boost::asio::buffer(buffer.data(), buffer.size()),
                                   boost::asio::redirect_error(boost::asio::use_awaitable, error));
  }
  boost::asio::awaitable<std::size_t> write_some(const Buffers& buffers, ErrorCode& error) {
    return socket_.async_write_some(buffers,
                                    boost::asio::redirect_error(boost::asio::use_awaitable, error));
  }
  /// Writes what fits without waiting, maybe nothing. The common answer fits, and needs no turn
  /// through the event loop.
  std::size_t try_write(const Buffers& buffers, ErrorCode& error) {
    const auto written = socket_.write_some(buffers, error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::try_again)
      error.clear();
    return written;
  }

  /// Calls `handler(error)` when there is something to read or the peer has closed.
  template <class Handler>
  void wait_readable(boost::asio::cancellation_signal& cancel, Handler handler) {
    socket_.async_wait(Socket::wait_read,
                       boost::asio::bind_cancellation_slot(cancel.slot(), std::move(handler)));
  }
  enum class Peek { open, data, closed };
  Peek peek() {
    char byte = 0;
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0) return Peek::data;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return Peek::open;
    return Peek::closed;
  }

  bool is_open() const { return socket_.is_open(); }
  void cancel() {
    ErrorCode ignored;
    socket_.cancel(ignored);
  }
  /// Plain TCP has no words for the end but the end.
  void say_goodbye() {}
  void shutdown_send() {
    ErrorCode ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  void close() {
    ErrorCode ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

}  // namespace vestibule::http
