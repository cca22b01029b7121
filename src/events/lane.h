#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "events/attempt.h"
#include "events/circuit.h"

namespace vestibule::events {

/// The threads of one application, the rows that they have leased, and its circuit.
class Dispatcher::Lane {
 public:
  Lane(const Application& application, AttemptContext context);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void start();
  void ask_to_stop();
  void join();
  void wake();
  int deliver_due();

 private:
  using Steady = std::chrono::steady_clock::time_point;
  using Lock = std::unique_lock<std::mutex>;
  /// Leased rows, with the time after which none of them may leave any more.
  struct Claim {
    std::deque<Delivery> rows = {};
    Steady send_before = {};
  };

  void work();
  std::optional<Delivery> take();
  bool must_give_back(Steady steady) const;
  Claim claim(base::Time now, int limit);
  void load(Lock& lock, base::Time now);
  Attempted try_one(const Delivery& delivery);
  void let_go(base::EventId id);
  void pause();

  void settle(const Delivery& delivery, const Attempted& attempted);
  void tell_circuit();
  std::deque<Delivery> take_those_under_way(std::deque<Delivery>& rows);
  void give_back_ready(Lock& lock);
  void give_back(Lock& lock, const std::deque<Delivery>& rows);

  const Application& application_;
  const AttemptContext context_;
  const DispatcherOptions& options_;

  // Never held while the store is used: wake() comes from the store's writer.
  std::mutex mutex_;
  std::condition_variable changed_;
  Claim ready_;
  std::set<base::EventId> under_way_;  ///< in case a clock that jumps ends their leases
  Circuit circuit_;
  bool dirty_ = true;  ///< the store may have something that was not seen yet
  bool loading_ = false;
  bool stopping_ = false;
  Steady look_again_{};
  Steady paused_until_{};
  std::vector<std::thread> threads_;
};

}  // namespace vestibule::events
