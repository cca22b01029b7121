// Included by connection.h: bodies, answers and what else an Exchange does.
#pragma once

#include <limits>
#include <stdexcept>
#include <utility>

namespace vestibule::http {

/// A body that is no longer than this is read and thrown away to keep the connection.
inline constexpr std::uint64_t drainable_body = 64 * 1024;

template <class Stream>
std::optional<std::uint64_t> Connection<Stream>::content_length() const {
  if (control_.framing.kind != Framing::Kind::length) return std::nullopt;
  return control_.framing.length;
}

template <class Stream>
boost::asio::awaitable<std::string_view> Connection<Stream>::read_body() {
  const auto refuse_size = [this] {
    return BodyRefused({ProblemKind::body_too_large,
                        "the body is larger than " + std::to_string(body_limit_) + " bytes"});
  };
  buffer_.consume(std::exchange(body_piece_, 0));
  if (body_.done()) co_return std::string_view{};
  if (body_.kind() == Framing::Kind::length && control_.framing.length > body_limit_)
    throw refuse_size();
  while (!body_.done()) {
    if (buffer_.empty()) {
      co_await read_more_body();
      continue;
    }
    const auto step = body_.take(buffer_.view());
    if (!step) throw BodyRefused({ProblemKind::malformed, std::string(to_string(step.error()))});
    if (step->data.empty()) {
      buffer_.consume(step->consumed);
      continue;
    }
    body_received_ += step->data.size();
    if (body_received_ > body_limit_) throw refuse_size();
    body_piece_ = step->consumed;
    co_return step->data;
  }
  co_return std::string_view{};
}

template <class Stream>
void Connection<Stream>::stop_body() {
  if (body_.done()) return;
  body_stopped_ = close_after_ = unread_ = true;
  stream_.cancel();
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::read_more_body() {
  if (body_stopped_) throw Disconnected("the body is not wanted any more");
  // RFC 9110 10.1.1: 100 only while the body has not begun to arrive.
  if (std::exchange(continue_due_, false) && !head_written_)
    co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
  const auto earned = std::chrono::milliseconds(body_received_ * 1000 / limits().body_rate);
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(body_waited_);
  const auto budget = limits().body_grace + earned - waited;
  const auto begun = std::chrono::steady_clock::now();
  read_watchdog_.expect_within(std::max(budget, std::chrono::milliseconds(1)));
  ErrorCode error;
  const auto room = buffer_.prepare(limits().header_bytes);
  const auto received = co_await stream_.read_some(room, error);
  read_watchdog_.rest();
  body_waited_ += std::chrono::steady_clock::now() - begun;
  if (error) {
    if (std::exchange(read_timed_out_, false))
      throw BodyRefused({ProblemKind::request_timeout, "the body came too slowly"});
    throw Disconnected("the client went away within its body");
  }
  buffer_.commit(received);
}

template <class Stream>
bool Connection<Stream>::body_is_forbidden(int status) const {
  return request_.method == "HEAD" || status == 204 || status == 304;
}

/// Decided when a head is written, for it says so to the client.
template <class Stream>
void Connection<Stream>::decide_persistence() {
  const bool drainable = body_.done() || (body_.kind() == Framing::Kind::length &&
                                          body_.remaining() <= drainable_body && !continue_due_);
  close_after_ =
      close_after_ || draining_ || control_.persistence == Persistence::close || !drainable;
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::respond(Response response) {
  if (head_written_) throw std::logic_error("a second answer to one request");
  if (response.status < 200 || response.status > 599)
    throw std::logic_error("an answer with the status " + std::to_string(response.status));
  decide_persistence();
  BodyFraming framing{BodyFraming::Kind::length, response.body.size()};
  if (response.status == 204 || response.status == 304) framing.kind = BodyFraming::Kind::none;
  out_.clear();
  append_head(out_, response, framing,
              close_after_ ? ConnectionHeader::close : ConnectionHeader::none,
              worker_.date(request_.received_at));
  head_written_ = true;
  status_ = response.status;
  const std::string_view body =
      body_is_forbidden(response.status) ? std::string_view{} : std::string_view(response.body);
  co_await write(out_, body);
  finished_ = true;
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::write_head(Response response,
                                                            BodyFraming framing) {
  if (head_written_) throw std::logic_error("a second answer to one request");
  if (response.status < 200 || response.status > 599)
    throw std::logic_error("an answer with the status " + std::to_string(response.status));
  body_suppressed_ = body_is_forbidden(response.status);
  if (framing.kind == BodyFraming::Kind::chunked && request_.version == Version::http_1_0 &&
      !body_suppressed_) {
    // RFC 9112 6.1: never Transfer-Encoding to HTTP/1.0: the end of the connection ends the body.
    close_after_ = true;
    framing.kind = BodyFraming::Kind::none;
    response.headers.remove("Content-Length");
  }
  if (framing.kind == BodyFraming::Kind::none && !body_suppressed_ &&
      request_.version == Version::http_1_1)
    framing = {BodyFraming::Kind::length, 0};
  framing_ = framing;
  decide_persistence();
  out_.clear();
  append_head(out_, response, framing,
              close_after_ ? ConnectionHeader::close : ConnectionHeader::none,
              worker_.date(request_.received_at));
  head_written_ = true;
  status_ = response.status;
  co_await write(out_, {});
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::write_body(std::string_view bytes) {
  if (!head_written_ || finished_) throw std::logic_error("a body without its head");
  body_sent_ += bytes.size();
  if (bytes.empty() || body_suppressed_) co_return;
  if (framing_.kind == BodyFraming::Kind::length && body_sent_ > framing_.length)
    throw std::logic_error("a body longer than its Content-Length");
  if (framing_.kind != BodyFraming::Kind::chunked) co_return co_await write(bytes, {});
  // The line end that closes a chunk opens the next one's line, so that a chunk is two buffers.
  out_.clear();
  if (body_sent_ > bytes.size()) out_ += "\r\n";
  append_chunk_size(out_, bytes.size());
  co_await write(out_, bytes);
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::finish() {
  if (!head_written_ || finished_) throw std::logic_error("the end of an answer without its head");
  if (!body_suppressed_) {
    if (framing_.kind == BodyFraming::Kind::length && body_sent_ != framing_.length)
      throw std::logic_error("a body shorter than its Content-Length");
    if (framing_.kind == BodyFraming::Kind::chunked)
      co_await write(body_sent_ > 0 ? "\r\n0\r\n\r\n" : "0\r\n\r\n", {});
  }
  finished_ = true;
}

template <class Stream>
void Connection<Stream>::abort() {
  aborted_ = true;
  stream_.close();
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::write(std::string_view first,
                                                       std::string_view second) {
  ErrorCode error;
  const typename Stream::Buffers buffers{boost::asio::buffer(first.data(), first.size()),
                                         boost::asio::buffer(second.data(), second.size())};
  const auto written = stream_.try_write(buffers, error);
  if (error) throw Disconnected(error.message());
  if (written == first.size() + second.size()) co_return;
  const auto from_first = std::min(written, first.size());
  co_await write_rest(first.substr(from_first), second.substr(written - from_first));
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::write_rest(std::string_view first,
                                                            std::string_view second) {
  while (!first.empty() || !second.empty()) {
    const typename Stream::Buffers buffers{boost::asio::buffer(first.data(), first.size()),
                                           boost::asio::buffer(second.data(), second.size())};
    write_watchdog_.expect_within(limits().write_timeout);
    ErrorCode error;
    const auto written = co_await stream_.write_some(buffers, error);
    write_watchdog_.rest();
    if (error) throw Disconnected(write_timed_out_ ? "the client does not read" : error.message());
    const auto from_first = std::min(written, first.size());
    first.remove_prefix(from_first);
    second.remove_prefix(written - from_first);
  }
}

template <class Stream>
void Connection<Stream>::on_disconnect(std::function<void()> gone) {
  gone_ = std::move(gone);
  if (!gone_) {
    stop_watching();
  } else if (aborted_ || !stream_.is_open()) {
    std::exchange(gone_, nullptr)();
  } else if (!watching_ && buffer_.view().size() == body_piece_) {
    // With a pipelined request in the buffer the end of the stream cannot be seen behind it.
    watch();
  }
}

template <class Stream>
void Connection<Stream>::watch() {
  watching_ = true;
  stream_.wait_readable(watch_cancel_, [weak = this->weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (!self || error || !self->watching_) return;
    self->watching_ = false;
    switch (self->stream_.peek()) {
      case Stream::Peek::open:
        self->watch();
        break;
      case Stream::Peek::data:
        break;
      case Stream::Peek::closed:
        if (const auto gone = std::exchange(self->gone_, nullptr)) gone();
    }
  });
}

template <class Stream>
void Connection<Stream>::stop_watching() {
  gone_ = nullptr;
  if (std::exchange(watching_, false)) watch_cancel_.emit(boost::asio::cancellation_type::terminal);
}

template <class Stream>
boost::asio::awaitable<RawStream*> Connection<Stream>::upgrade(Response response) {
  if (head_written_) throw std::logic_error("a second answer to one request");
  stop_watching();
  buffer_.consume(std::exchange(body_piece_, 0));
  out_.clear();
  const BodyFraming none{BodyFraming::Kind::none, 0};
  append_head(out_, response, none, ConnectionHeader::upgrade, worker_.date(request_.received_at));
  head_written_ = finished_ = close_after_ = true;
  status_ = response.status;
  co_await write(out_, {});
  co_return &tunnel_;
}

template <class Stream>
boost::asio::awaitable<std::size_t> Connection<Stream>::Tunnel::read_some(std::span<char> buffer) {
  if (auto& early = connection_.buffer_; !early.empty()) {
    const auto count = std::min(buffer.size(), early.view().size());
    std::copy_n(early.view().data(), count, buffer.data());
    early.consume(count);
    co_return count;
  }
  ErrorCode error;
  const auto received = co_await connection_.stream_.read_some(buffer, error);
  if (error == boost::asio::error::eof) co_return 0;
  if (error) throw Disconnected(error.message());
  co_return received;
}

template <class Stream>
boost::asio::awaitable<void> Connection<Stream>::Tunnel::write(std::string_view bytes) {
  return connection_.write(bytes, {});
}

}  // namespace vestibule::http
