#include "http/watchdog.h"

#include <boost/asio/steady_timer.hpp>

namespace vestibule::http {

using SteadyClock = std::chrono::steady_clock;

struct Watchdog::State : std::enable_shared_from_this<State> {
  State(boost::asio::any_io_executor executor, std::function<void()> on_expiry)
      : timer(std::move(executor)), expired(std::move(on_expiry)) {}

  void arm() {
    armed = deadline;
    timer.expires_at(deadline);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      self->fire();
    });
  }

  void fire() {
    armed = SteadyClock::time_point::max();
    if (deadline == SteadyClock::time_point::max()) return;
    if (SteadyClock::now() < deadline) return arm();
    deadline = SteadyClock::time_point::max();
    // A copy: what it does may destroy us.
    const auto call = expired;
    call();
  }

  boost::asio::steady_timer timer;
  std::function<void()> expired;
  SteadyClock::time_point deadline = SteadyClock::time_point::max();
  SteadyClock::time_point armed = SteadyClock::time_point::max();
};

Watchdog::Watchdog(boost::asio::any_io_executor executor, std::function<void()> expired)
    : state_(std::make_shared<State>(std::move(executor), std::move(expired))) {}

Watchdog::~Watchdog() {
  rest();
  state_->timer.cancel();
}

void Watchdog::expect_within(std::chrono::milliseconds time) {
  state_->deadline = SteadyClock::now() + time;
  if (state_->deadline < state_->armed) state_->arm();
}

void Watchdog::rest() {
  state_->deadline = SteadyClock::time_point::max();
}

}  // namespace vestibule::http
