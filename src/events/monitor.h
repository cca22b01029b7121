#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"

namespace vestibule::events {

/// One attempt and what came of it. Says nothing secret.
struct AttemptReport {
  enum class Outcome {
    acknowledged,  ///< a merge, by the echo of its id
    delivered,     ///< taken; of a merge request: taken, but not acknowledged yet
    failed,
    dead  ///< failed for the last time
  };
  base::Time at = {};
  base::EventId id = {};
  std::string application = {};
  std::string type = {};
  std::string payload = {};
  int attempt = 1;
  Outcome outcome = Outcome::failed;
  std::string detail = {};  ///< why not
  base::Milliseconds took{0};
};
std::string_view to_string(AttemptReport::Outcome outcome);

/// A lane's circuit, as it stands.
struct CircuitReport {
  std::optional<base::Time> next_probe = {};  ///< nullopt: closed
};

/// What delivery does right now, for those who look on: the state of each circuit, and each attempt
/// as it happens. Costs next to nothing while nobody looks. Thread-safe.
class Monitor {
 public:
  class Watch;

  void set_circuit(const std::string& application, CircuitReport report);
  /// nullopt: no lane of this process delivers to it.
  std::optional<CircuitReport> circuit(const std::string& application) const;
  void publish(const AttemptReport& report);

  /// Every attempt from now on. The monitor outlives the watch.
  std::unique_ptr<Watch> watch();
  /// No more attempts will come: ends every watch. For a shutdown.
  void close();

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, CircuitReport> circuits_;
  std::vector<Watch*> watches_;
  bool closed_ = false;
};

/// The attempts that one onlooker has not taken yet: the newest thousand.
class Monitor::Watch {
 public:
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  struct Batch {
    std::vector<AttemptReport> reports;
    std::size_t missed = 0;  ///< came too fast and were forgotten before these
    bool ended = false;      ///< the monitor has been closed
  };
  /// Waits up to `longest` for attempts and takes them.
  Batch take(base::Milliseconds longest);

 private:
  friend class Monitor;
  explicit Watch(Monitor& monitor) : monitor_(monitor) {}

  Monitor& monitor_;
  std::deque<AttemptReport> waiting_;
  std::size_t missed_ = 0;
};

}  // namespace vestibule::events
