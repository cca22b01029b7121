#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace vestibule::http {

/// All time-outs of one connection on one timer. Moving the deadline out costs nothing; the timer
/// is set again only when it fires early or the deadline comes nearer. Used on one io thread.
class Watchdog {
 public:
  /// `expired` is called on the executor, never after the destructor.
  Watchdog(boost::asio::any_io_executor executor, std::function<void()> expired);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  void expect_within(std::chrono::milliseconds time);
  /// Nothing is expected.
  void rest();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace vestibule::http
