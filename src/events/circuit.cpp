#include "events/circuit.h"

#include <algorithm>

#include "events/deliveries.h"

namespace vestibule::events {

base::Milliseconds Circuit::wait(base::Time now) const {
  constexpr base::Milliseconds none{0};
  const auto left = next_probe_ ? *next_probe_ - now : none;
  // Further away than any can be: a clock that has been set back since planned it.
  return left <= policy_.longest ? std::max(left, none) : none;
}

bool Circuit::succeeded() {
  const bool was_open = is_open();
  failed_.clear();
  probes_ = 0;
  next_probe_.reset();
  return was_open;
}

bool Circuit::failed(base::EventId row, base::Time now, base::Random& random) {
  const bool was_open = is_open();
  if (!was_open) {
    failed_.insert(row);
    if (failed_.size() < policy_.failures) return false;
  } else if (wait(now) > base::Milliseconds{0}) {
    return false;  // it was under way when the circuit opened
  }
  auto delay = policy_.first;
  for (int i = 0; i < probes_ && delay < policy_.longest; ++i) delay *= 2;
  ++probes_;
  next_probe_ = now + with_jitter(std::min(delay, policy_.longest), random);
  return !was_open;
}

}  // namespace vestibule::events
