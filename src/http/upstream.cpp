#include "http/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

namespace vestibule::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using Kind = UpstreamFailure::Kind;

UpstreamConnection::UpstreamConnection(PlainStream stream, const UpstreamOptions& options)
    : stream_(std::move(stream)),
      limits_{options.header_bytes, options.header_count},
      read_watchdog_(stream_.executor(),
                     [this] {
                       read_timed_out_ = true;
                       stream_.cancel();
                     }),
      write_watchdog_(stream_.executor(), [this] {
        write_timed_out_ = true;
        stream_.cancel();
      }) {}

asio::awaitable<void> UpstreamConnection::write(std::string_view first, std::string_view second,
                                                std::chrono::milliseconds timeout) {
  while (!first.empty() || !second.empty()) {
    const PlainStream::Buffers buffers{asio::buffer(first.data(), first.size()),
                                       asio::buffer(second.data(), second.size())};
    ErrorCode error;
    auto written = stream_.try_write(buffers, error);
    if (!error && written == 0) {
      write_watchdog_.expect_within(timeout);
      written = co_await stream_.write_some(buffers, error);
      write_watchdog_.rest();
    }
    if (error && write_timed_out_) throw UpstreamFailure(Kind::timeout, "it does not read");
    if (error) throw UpstreamFailure(Kind::closed, error.message());
    const auto from_first = std::min(written, first.size());
    first.remove_prefix(from_first);
    second.remove_prefix(written - from_first);
  }
}

/// Waits for bytes; false at the end of the stream.
asio::awaitable<bool> UpstreamConnection::fill() {
  const auto room = buffer_.prepare(limits_.bytes);
  ErrorCode error;
  const auto received = co_await stream_.read_some(room, error);
  if (error && read_timed_out_) throw UpstreamFailure(Kind::timeout, "it does not answer in time");
  if (error) co_return false;
  buffer_.commit(received);
  co_return true;
}

void UpstreamConnection::start_clock(std::chrono::milliseconds timeout) {
  if (head_pending_) read_watchdog_.expect_within(timeout);
}

asio::awaitable<ResponseHead> UpstreamConnection::read_head(std::string_view method) {
  head_pending_ = true;
  HeadScanner scanner;
  bool first_byte = buffer_.empty();
  for (;;) {
    const auto length = scanner.scan(buffer_.view(), limits_);
    if (!length) throw UpstreamFailure(Kind::protocol, std::string(to_string(length.error())));
    if (!*length) {
      if (!co_await fill()) {
        head_pending_ = false;
        throw UpstreamFailure(first_byte && buffer_.empty() ? Kind::closed : Kind::cut,
                              "it closed the connection before its answer");
      }
      first_byte = false;
      continue;
    }
    auto head = parse_response_head(buffer_.view().substr(0, **length), limits_, method);
    if (!head) throw UpstreamFailure(Kind::protocol, std::string(to_string(head.error())));
    buffer_.consume(**length);
    if (head->status < 200 && head->status != 101) {
      scanner.reset();
      continue;
    }
    head_pending_ = false;
    read_watchdog_.rest();
    body_ = BodyDecoder(head->framing);
    persistence_ = head->persistence;
    co_return std::move(*head);
  }
}

asio::awaitable<std::string_view> UpstreamConnection::read_body(std::chrono::milliseconds timeout) {
  buffer_.consume(std::exchange(piece_, 0));
  while (!body_.done()) {
    if (buffer_.empty()) {
      read_watchdog_.expect_within(timeout);
      const bool more = co_await fill();
      read_watchdog_.rest();
      if (more) continue;
      if (body_.kind() == Framing::Kind::until_close) co_return std::string_view{};
      throw UpstreamFailure(Kind::cut, "it closed the connection within its answer");
    }
    const auto step = body_.take(buffer_.view());
    if (!step) throw UpstreamFailure(Kind::protocol, std::string(to_string(step.error())));
    if (step->data.empty()) {
      buffer_.consume(step->consumed);
      continue;
    }
    piece_ = step->consumed;
    co_return step->data;
  }
  co_return std::string_view{};
}

asio::awaitable<std::string_view> UpstreamConnection::read_raw() {
  buffer_.consume(std::exchange(piece_, 0));
  if (buffer_.empty() && !co_await fill()) co_return std::string_view{};
  piece_ = buffer_.view().size();
  co_return buffer_.view();
}

bool UpstreamConnection::reusable() const {
  return persistence_ == Persistence::keep_alive && body_.done() && !read_timed_out_ &&
         !write_timed_out_ && buffer_.view().size() == piece_ && stream_.is_open();
}

bool UpstreamConnection::quiet() {
  buffer_.consume(std::exchange(piece_, 0));
  return buffer_.empty() && stream_.peek() == PlainStream::Peek::open;
}

asio::awaitable<std::unique_ptr<UpstreamConnection>> connect_upstream(const UpstreamPool& pool) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  tcp::socket socket(executor);
  bool timed_out = false;
  Watchdog watchdog(executor, [&] {
    timed_out = true;
    resolver.cancel();
    ErrorCode ignored;
    socket.close(ignored);
  });
  watchdog.expect_within(pool.options().connect_timeout);
  ErrorCode error;
  std::vector<tcp::endpoint> endpoints;
  const auto literal = asio::ip::make_address(pool.address().host, error);
  if (!error) {
    endpoints.emplace_back(literal, pool.address().port);
  } else {
    const auto port = std::to_string(pool.address().port);
    const auto found = co_await resolver.async_resolve(
        pool.address().host, port, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      for (const auto& entry : found) endpoints.push_back(entry.endpoint());
    }
  }
  for (const auto& endpoint : endpoints) {
    if (timed_out) break;
    ErrorCode ignored;
    socket.close(ignored);
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (!error) break;
  }
  if (timed_out) throw UpstreamFailure(Kind::timeout, "it does not take connections in time");
  if (error) throw UpstreamFailure(Kind::unreachable, error.message());
  watchdog.rest();
  socket.set_option(tcp::no_delay(true), error);
  co_return std::make_unique<UpstreamConnection>(
      PlainStream(PlainStream::Socket(std::move(socket))), pool.options());
}

asio::execution_context::id IdleConnections::id;

IdleConnections::IdleConnections(asio::execution_context& context)
    : asio::execution_context::service(context) {}

std::unique_ptr<UpstreamConnection> IdleConnections::take(const UpstreamPool& pool) {
  const auto found = idle_.find(pool.id());
  if (found == idle_.end()) return nullptr;
  auto& entries = found->second;
  const auto now = std::chrono::steady_clock::now();
  while (!entries.empty()) {
    auto entry = std::move(entries.back());
    entries.pop_back();
    if (entry.expires > now && entry.connection->quiet()) return std::move(entry.connection);
  }
  return nullptr;
}

void IdleConnections::put(const UpstreamPool& pool, std::unique_ptr<UpstreamConnection> connection,
                          const asio::any_io_executor& executor) {
  auto& entries = idle_[pool.id()];
  if (entries.size() >= pool.options().idle_per_thread) entries.pop_front();
  if (pool.options().idle_per_thread == 0) return;
  const auto expires = std::chrono::steady_clock::now() + pool.options().idle_timeout;
  entries.push_back({std::move(connection), expires});
  if (!timer_) timer_.emplace(executor);
  if (!sweeping_) schedule_sweep(expires);
}

void IdleConnections::schedule_sweep(std::chrono::steady_clock::time_point when) {
  sweeping_ = true;
  timer_->expires_at(when);
  timer_->async_wait([this](const ErrorCode& error) {
    if (!error) sweep();
  });
}

void IdleConnections::sweep() {
  sweeping_ = false;
  const auto now = std::chrono::steady_clock::now();
  auto next = std::chrono::steady_clock::time_point::max();
  for (auto& [pool, entries] : idle_) {
    while (!entries.empty() && entries.front().expires <= now) entries.pop_front();
    if (!entries.empty()) next = std::min(next, entries.front().expires);
  }
  std::erase_if(idle_, [](const auto& pool) { return pool.second.empty(); });
  if (!idle_.empty()) schedule_sweep(next);
}

void IdleConnections::shutdown() {
  idle_.clear();
  timer_.reset();
}

UpstreamPool::UpstreamPool(UpstreamAddress address, UpstreamOptions options)
    : address_(std::move(address)), options_(options), id_([] {
        static std::atomic<std::uint64_t> last{0};
        return ++last;
      }()) {}

UpstreamPool::~UpstreamPool() = default;

}  // namespace vestibule::http
