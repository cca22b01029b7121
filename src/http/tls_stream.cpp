#include "http/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <new>

namespace vestibule::http {
namespace {

namespace asio = boost::asio;
using Socket = TlsStream::Socket;

constexpr std::size_t record_bytes = 16 * 1024;  // RFC 8446 5.1
constexpr std::size_t staged_bytes_kept = 4096;

bool is_pause(int cause) {
  return cause == EAGAIN || cause == EWOULDBLOCK || cause == EINTR;
}

// OpenSSL's own socket BIO keeps the number of a descriptor, which may be somebody else's after a
// close, and writes without MSG_NOSIGNAL. This one asks the socket each time.
int socket_descriptor(BIO* bio) {
  auto& socket = *static_cast<Socket*>(BIO_get_data(bio));
  return socket.is_open() ? socket.native_handle() : -1;
}

int read_socket(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = ::recv(socket_descriptor(bio), out, static_cast<std::size_t>(size), 0);
  if (got < 0 && is_pause(errno)) BIO_set_retry_read(bio);
  if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

int write_socket(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent =
      ::send(socket_descriptor(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (sent < 0 && is_pause(errno)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long control_socket(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

const BIO_METHOD* socket_method() {
  static const std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> method = [] {
    std::unique_ptr<BIO_METHOD, void (*)(BIO_METHOD*)> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket"), BIO_meth_free);
    if (!made) throw std::bad_alloc();
    BIO_meth_set_read(made.get(), read_socket);
    BIO_meth_set_write(made.get(), write_socket);
    BIO_meth_set_ctrl(made.get(), control_socket);
    return made;
  }();
  return method.get();
}

std::string_view view(const asio::const_buffer& buffer) {
  return {static_cast<const char*>(buffer.data()), buffer.size()};
}

}  // namespace

TlsStream::TlsStream(Socket socket, Session session)
    : socket_(std::make_unique<Socket>(std::move(socket))), session_(std::move(session)) {
  ErrorCode ignored;
  socket_->non_blocking(true, ignored);
  auto* const bio = BIO_new(socket_method());
  if (bio == nullptr) throw std::bad_alloc();
  BIO_set_data(bio, socket_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
}

/// What an operation that gave no bytes waits for; with an error, it has failed.
TlsStream::Wait TlsStream::judge(int result, ErrorCode& error) {
  const int cause = errno;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Wait::read;
    case SSL_ERROR_WANT_WRITE:
      return Wait::write;
    case SSL_ERROR_ZERO_RETURN:
      error = asio::error::eof;
      break;
    case SSL_ERROR_SYSCALL:
      error = cause != 0 ? ErrorCode(cause, boost::system::system_category())
                         : ErrorCode(asio::error::eof);
      break;
    default: {
      const auto* const reason = ERR_reason_error_string(ERR_peek_error());
      spdlog::debug("tls: {}", reason != nullptr ? reason : "failed");
      error = boost::system::errc::make_error_code(boost::system::errc::protocol_error);
    }
  }
  ERR_clear_error();
  return Wait::none;
}

asio::awaitable<void> TlsStream::wait(Wait what, ErrorCode& error) {
  const auto cancels = cancels_;
  co_await socket_->async_wait(what == Wait::read ? Socket::wait_read : Socket::wait_write,
                               asio::redirect_error(asio::use_awaitable, error));
  // The wait may have ended just before it was cancelled, with less than a record.
  if (!error && cancels != cancels_) error = asio::error::operation_aborted;
}

asio::awaitable<void> TlsStream::handshake(ErrorCode& error) {
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(session_.get());
    if (result == 1) co_return;
    const auto what = judge(result, error);
    if (!error) co_await wait(what, error);
    if (error) co_return;
  }
}

asio::awaitable<std::size_t> TlsStream::read_some(std::span<char> buffer, ErrorCode& error) {
  if (staged_.capacity() > staged_bytes_kept) staged_ = std::string();
  for (;;) {
    ERR_clear_error();
    errno = 0;
    std::size_t received = 0;
    const int result = SSL_read_ex(session_.get(), buffer.data(), buffer.size(), &received);
    if (result == 1) co_return received;
    const auto what = judge(result, error);
    if (!error) co_await wait(what, error);
    if (error) co_return 0;
  }
}

/// What goes into the next record: head and body of a small answer together.
std::string_view TlsStream::stage(const Buffers& buffers) {
  const auto first = view(buffers[0]);
  const auto second = view(buffers[1]);
  if (first.empty()) return second.substr(0, record_bytes);
  if (second.empty() || first.size() >= record_bytes) return first.substr(0, record_bytes);
  staged_.assign(first).append(second.substr(0, record_bytes - first.size()));
  return staged_;
}

asio::awaitable<std::size_t> TlsStream::write_some(const Buffers& buffers, ErrorCode& error) {
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const auto bytes = stage(buffers);
    std::size_t written = 0;
    const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
    if (result == 1) co_return written;
    const auto what = judge(result, error);
    if (!error) co_await wait(what, error);
    if (error) co_return 0;
  }
}

std::size_t TlsStream::try_write(const Buffers& buffers, ErrorCode& error) {
  std::size_t total = 0;
  for (auto rest = buffers; rest[0].size() + rest[1].size() > 0;) {
    ERR_clear_error();
    errno = 0;
    const auto bytes = stage(rest);
    std::size_t written = 0;
    const int result = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
    if (result != 1) {
      judge(result, error);
      return total;
    }
    total += written;
    const auto from_first = std::min(written, rest[0].size());
    rest[0] += from_first;
    rest[1] += written - from_first;
  }
  return total;
}

TlsStream::Peek TlsStream::peek() {
  ERR_clear_error();
  errno = 0;
  char byte = 0;
  std::size_t seen = 0;
  const int result = SSL_peek_ex(session_.get(), &byte, 1, &seen);
  if (result == 1) return Peek::data;
  ErrorCode error;
  judge(result, error);
  return error ? Peek::closed : Peek::open;
}

void TlsStream::cancel() {
  ++cancels_;
  ErrorCode ignored;
  socket_->cancel(ignored);
}

void TlsStream::say_goodbye() {
  if (!is_open() || (SSL_get_shutdown(session_.get()) & SSL_SENT_SHUTDOWN) != 0) return;
  SSL_shutdown(session_.get());
  ERR_clear_error();
}

void TlsStream::shutdown_send() {
  say_goodbye();
  ErrorCode ignored;
  socket_->shutdown(Socket::shutdown_send, ignored);
}

void TlsStream::close() {
  ErrorCode ignored;
  socket_->close(ignored);
}

}  // namespace vestibule::http
