#pragma once

#include <optional>
#include <set>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"

namespace vestibule::events {

/// When an application counts as down, and how it is asked whether it is back: after 5 s, 10 s, 20
/// s … up to five minutes, each shortened at random by up to a half.
struct CircuitPolicy {
  std::size_t failures = 8;  ///< of different rows, without a success between them
  base::Milliseconds first{5'000};
  base::Milliseconds longest{300'000};
};

/// A circuit breaker. Closed: rows are sent as they are due. Open: one row at a time, as a probe,
/// when `next_probe` has come; the others wait and keep their attempts. One row that always fails
/// opens nothing. Not thread-safe.
class Circuit {
 public:
  explicit Circuit(CircuitPolicy policy = {}) : policy_(policy) {}

  bool is_open() const { return next_probe_.has_value(); }
  /// When a probe may go; nullopt while closed.
  std::optional<base::Time> next_probe() const { return next_probe_; }

  /// How long nothing may be sent; 0 while closed, and when a probe may go.
  base::Milliseconds wait(base::Time now) const;

  /// An answer that shows the application at work. True if that closed the circuit.
  bool succeeded();
  /// True if that opened the circuit; a probe's failure moves the next one on.
  bool failed(base::EventId row, base::Time now, base::Random& random);

 private:
  CircuitPolicy policy_;
  std::set<base::EventId> failed_;  ///< since the last success
  int probes_ = 0;
  std::optional<base::Time> next_probe_;
};

}  // namespace vestibule::events
