#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "provider/logout_sender.h"
#include "sessions/logout_notices.h"

namespace vestibule::provider {

/// Tells clients that sessions have ended: finds due notices and sends them, at least once, each
/// client's one after the other, so that a slow client holds one thread and delays nobody else.
class LogoutDispatcher {
 public:
  /// Told what came of each attempt, on a thread of the dispatcher.
  using Report = std::function<void(LogoutOutcome)>;

  explicit LogoutDispatcher(LogoutSender sender, Report report = {}, int threads = 4);
  /// Stops.
  ~LogoutDispatcher();
  LogoutDispatcher(const LogoutDispatcher&) = delete;
  LogoutDispatcher& operator=(const LogoutDispatcher&) = delete;

  /// Starts the threads; they find what an earlier process left.
  void start();
  /// Ends after the requests that are under way (10 s at most). Idempotent.
  void stop();
  /// Something may be due: called after commits, from any thread; does not block.
  void wake();

 private:
  void work();
  std::optional<sessions::LogoutNotice> take();
  void load(std::unique_lock<std::mutex>& lock);
  void let_go(const sessions::LogoutNotice& notice, std::chrono::steady_clock::duration pause);

  const LogoutSender sender_;
  const Report report_;
  const int thread_count_;

  // Never held while the store is used: wake() comes from the store's writer.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<sessions::LogoutNotice> ready_;
  std::set<std::int64_t> claimed_;    ///< in ready_ or under way
  std::set<base::ClientId> calling_;  ///< clients with a request under way
  bool dirty_ = true;                 ///< the store may have something that was not seen yet
  bool loading_ = false;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point look_again_{};
  std::chrono::steady_clock::time_point paused_until_{};
  std::vector<std::thread> threads_;
};

}  // namespace vestibule::provider
