#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace vestibule::lifecycle {

/// Something that is done again and again. `run` does what is due at `now`, in transactions of a
/// few milliseconds, and leaves early when asked to stop. What it throws is logged; the next run
/// tries again.
struct Job {
  std::string name;
  base::Milliseconds interval{60'000};
  std::function<void(base::Time now, const std::stop_token& stop)> run;
};

/// Runs jobs in the background, each on a thread of its own, so that a long purge keeps no mail
/// waiting. A job's first run is at start.
class Keeper {
 public:
  /// The clock outlives the keeper. Names are unique.
  Keeper(std::vector<Job> jobs, const base::Clock& clock);
  /// Stops.
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void start();
  /// Asks running jobs to leave and waits for them. Idempotent.
  void stop();
  /// Makes a job run now instead of at its next time; from any thread, does not block. False if
  /// there is no such job.
  bool trigger(std::string_view name);
  /// Runs a job once on this thread and lets its exceptions through; waits for a run of the same
  /// job that is under way. Throws std::out_of_range for an unknown name. For tests and commands.
  void run_once(std::string_view name);

 private:
  struct Slot;
  void work(Slot& slot, const std::stop_token& stop);
  Slot* find(std::string_view name) const;

  const base::Clock& clock_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

}  // namespace vestibule::lifecycle
