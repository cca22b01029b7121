#pragma once

#include <future>
#include <mutex>
#include <optional>
#include <utility>

namespace vestibule::remote {

/// Something that is fetched by whoever first needs it while everybody else waits for that one
/// fetch and takes its outcome, good or bad, so that nobody waits longer than one fetch takes.
/// Thread-safe.
template <class T>
class SharedFetch {
 public:
  /// `known` gives the answer if nothing need be fetched, `fetch` blocks for one, `keep` stores it
  /// and may put another in its place. `known` and `keep` run under one lock, `fetch` outside it.
  template <class Known, class Fetch, class Keep>
  T run(Known known, Fetch fetch, Keep keep) {
    std::promise<T> promise;
    {
      std::unique_lock lock(mutex_);
      if (std::optional<T> answer = known()) return std::move(*answer);
      if (in_flight_.valid()) {
        const auto other = in_flight_;
        lock.unlock();
        return other.get();
      }
      in_flight_ = promise.get_future().share();
    }
    try {
      T outcome = fetch();
      {
        const std::lock_guard lock(mutex_);
        in_flight_ = {};
        keep(outcome);
      }
      promise.set_value(outcome);
      return outcome;
    } catch (...) {
      {
        const std::lock_guard lock(mutex_);
        in_flight_ = {};
      }
      promise.set_exception(std::current_exception());
      throw;
    }
  }

 private:
  std::mutex mutex_;
  std::shared_future<T> in_flight_;
};

}  // namespace vestibule::remote
