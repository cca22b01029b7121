#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/stream.h"

struct ssl_st;

namespace vestibule::http {

/// An encrypted TCP connection with the members of PlainStream. OpenSSL reads and writes the socket
/// itself, so an answer that fits leaves without a turn through the event loop, and no byte is
/// copied between two engines.
class TlsStream {
 public:
  using Socket = PlainStream::Socket;
  using Buffers = PlainStream::Buffers;
  using Peek = PlainStream::Peek;
  using Session = std::unique_ptr<ssl_st, void (*)(ssl_st*)>;

  TlsStream(Socket socket, Session session);

  boost::asio::any_io_executor executor() { return socket_->get_executor(); }

  /// The handshake, before anything else. `error` says why it failed, for the log.
  boost::asio::awaitable<void> handshake(ErrorCode& error);

  boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer, ErrorCode& error);
  /// May take a part. What could not be sent at once has to come again, as it was.
  boost::asio::awaitable<std::size_t> write_some(const Buffers& buffers, ErrorCode& error);
  std::size_t try_write(const Buffers& buffers, ErrorCode& error);

  template <class Handler>
  void wait_readable(boost::asio::cancellation_signal& cancel, Handler handler) {
    socket_->async_wait(Socket::wait_read,
                        boost::asio::bind_cancellation_slot(cancel.slot(), std::move(handler)));
  }
  /// Bytes that OpenSSL has already taken from the socket count as data.
  Peek peek();

  bool is_open() const { return socket_->is_open(); }
  void cancel();
  /// Tells the peer that nothing more comes (RFC 8446 6.1), as far as that goes without waiting.
  void say_goodbye();
  void shutdown_send();
  /// Without a goodbye: the peer sees that it was cut.
  void close();

 private:
  enum class Wait { none, read, write };
  Wait judge(int result, ErrorCode& error);
  boost::asio::awaitable<void> wait(Wait what, ErrorCode& error);
  std::string_view stage(const Buffers& buffers);

  std::unique_ptr<Socket> socket_;  ///< where it stays: the session's BIO knows its address
  Session session_;
  std::string staged_;
  std::uint64_t cancels_ = 0;
};

}  // namespace vestibule::http
