#include "http/tunnel.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace vestibule::http {

namespace asio = boost::asio;

namespace {

class Tunnelling {
 public:
  Tunnelling(RawStream& client, UpstreamConnection& upstream, std::chrono::milliseconds idle,
             asio::any_io_executor executor)
      : client_(client),
        upstream_(upstream),
        idle_(idle),
        executor_(executor),
        watchdog_(executor, [this] { close(); }),
        down_ended_(executor) {
    down_ended_.expires_at(std::chrono::steady_clock::time_point::max());
  }

  asio::awaitable<void> run() {
    watchdog_.expect_within(idle_);
    asio::co_spawn(executor_, down(), asio::detached);
    co_await up();
    ErrorCode ignored;
    while (down_runs_)
      co_await down_ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    close();
  }

 private:
  asio::awaitable<void> up() {
    try {
      std::array<char, 16 * 1024> buffer;
      for (;;) {
        const auto count = co_await client_.read_some(buffer);
        if (count == 0) break;
        watchdog_.expect_within(idle_);
        const std::string_view bytes(buffer.data(), count);
        co_await upstream_.write(bytes, {}, idle_);
      }
      upstream_.shutdown_send();
    } catch (const std::exception&) {
      // Either end has failed: the other cannot go on alone.
      close();
    }
  }

  asio::awaitable<void> down() {
    try {
      for (;;) {
        const auto bytes = co_await upstream_.read_raw();
        if (bytes.empty()) break;
        watchdog_.expect_within(idle_);
        co_await client_.write(bytes);
      }
      client_.shutdown_send();
    } catch (const std::exception&) {
      close();
    }
    down_runs_ = false;
    down_ended_.cancel();
  }

  void close() {
    client_.close();
    upstream_.close();
  }

  RawStream& client_;
  UpstreamConnection& upstream_;
  std::chrono::milliseconds idle_;
  asio::any_io_executor executor_;
  Watchdog watchdog_;
  asio::steady_timer down_ended_;
  bool down_runs_ = true;
};

}  // namespace

asio::awaitable<void> run_tunnel(RawStream& client, UpstreamConnection& upstream,
                                 std::chrono::milliseconds idle) {
  const auto executor = co_await asio::this_coro::executor;
  Tunnelling tunnelling(client, upstream, idle, executor);
  co_await tunnelling.run();
}

}  // namespace vestibule::http
