#pragma once

#include <boost/asio/awaitable.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "async/completion.h"

namespace vestibule::async {

/// The pool's queue is full, or it is closing. Edges answer 503 with Retry-After.
class Overloaded : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Threads for slow work on the CPU (password hashing, RSA), so that it never runs on an io thread
/// or in the writer. Both threads and queue are bounded. Thread-safe.
class CpuPool {
 public:
  struct Options {
    std::size_t threads = std::thread::hardware_concurrency();
    /// Jobs beyond so many waiting ones are refused.
    std::size_t max_waiting = 256;
  };
  struct Job {
    /// Runs on one of the pool's threads.
    std::move_only_function<void()> run;
    /// Called there afterwards with what `run` threw, or null; or, if the job is refused, with
    /// Overloaded on the submitter's thread. Must not block or throw.
    Done done;
  };

  CpuPool() : CpuPool(Options{}) {}
  explicit CpuPool(Options options);
  /// Refuses new jobs, finishes those that wait, and joins.
  ~CpuPool();
  CpuPool(const CpuPool&) = delete;
  CpuPool& operator=(const CpuPool&) = delete;

  void submit(Job job);
  /// Jobs that wait for a thread, for metrics.
  std::size_t waiting() const;

 private:
  void work();

  const std::size_t max_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

/// Hands `job` to the pool and resumes on the coroutine's executor when it has run.
boost::asio::awaitable<void> perform(CpuPool& pool, std::move_only_function<void()> job);

/// Runs `work()` on the pool and gives its result on the coroutine's executor. What it throws is
/// thrown here; Overloaded if the queue is full. Name `work` before the co_await and move it in.
template <class F>
boost::asio::awaitable<std::invoke_result_t<F&>> run(CpuPool& pool, F work) {
  using R = std::invoke_result_t<F&>;
  if constexpr (std::is_void_v<R>) {
    auto job = [&work] { work(); };
    co_await perform(pool, std::move(job));
  } else {
    std::optional<R> result;
    auto job = [&work, &result] { result.emplace(work()); };
    co_await perform(pool, std::move(job));
    co_return std::move(*result);
  }
}

}  // namespace vestibule::async
