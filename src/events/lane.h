#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "events/attempt.h"

namespace vestibule::events {

/// The threads of one application and the rows that they have claimed.
class Dispatcher::Lane {
 public:
  Lane(const Application& application, AttemptContext context, const DispatcherOptions& options);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  void start();
  void ask_to_stop();
  void join();
  void wake();
  int deliver_due();

 private:
  void work();
  std::optional<Delivery> take();
  void load(std::unique_lock<std::mutex>& lock);
  void let_go(base::EventId id);
  void pause();

  const Application& application_;
  const AttemptContext context_;
  const DispatcherOptions options_;

  // Never held while the store is used: wake() comes from the store's writer.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Delivery> ready_;
  std::set<base::EventId> claimed_;    ///< in ready_ or under way
  std::vector<base::EventId> let_go_;  ///< finished while a load ran, which may still see them
  bool dirty_ = true;                  ///< the store may have something that was not seen yet
  bool loading_ = false;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point look_again_{};
  std::chrono::steady_clock::time_point paused_until_{};
  std::vector<std::thread> threads_;
};

}  // namespace vestibule::events
