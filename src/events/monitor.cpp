#include "events/monitor.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vestibule::events {
namespace {

constexpr std::size_t most_waiting = 1'000;

}  // namespace

std::string_view to_string(AttemptReport::Outcome outcome) {
  switch (outcome) {
    case AttemptReport::Outcome::acknowledged:
      return "acknowledged";
    case AttemptReport::Outcome::delivered:
      return "delivered";
    case AttemptReport::Outcome::failed:
      return "failed";
    case AttemptReport::Outcome::dead:
      return "dead";
  }
  return "failed";
}

void Monitor::set_circuit(const std::string& application, CircuitReport report) {
  const std::lock_guard lock(mutex_);
  circuits_[application] = report;
}

std::optional<CircuitReport> Monitor::circuit(const std::string& application) const {
  const std::lock_guard lock(mutex_);
  const auto found = circuits_.find(application);
  return found == circuits_.end() ? std::nullopt : std::optional(found->second);
}

void Monitor::publish(const AttemptReport& report) {
  const std::lock_guard lock(mutex_);
  for (auto* const watch : watches_) {
    if (watch->waiting_.size() == most_waiting) {
      watch->waiting_.pop_front();
      ++watch->missed_;
    }
    watch->waiting_.push_back(report);
  }
  if (!watches_.empty()) changed_.notify_all();
}

std::unique_ptr<Monitor::Watch> Monitor::watch() {
  std::unique_ptr<Watch> made{new Watch(*this)};
  const std::lock_guard lock(mutex_);
  watches_.push_back(made.get());
  return made;
}

void Monitor::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

Monitor::Watch::~Watch() {
  const std::lock_guard lock(monitor_.mutex_);
  std::erase(monitor_.watches_, this);
}

Monitor::Watch::Batch Monitor::Watch::take(base::Milliseconds longest) {
  std::unique_lock lock(monitor_.mutex_);
  monitor_.changed_.wait_for(lock, longest,
                             [this] { return !waiting_.empty() || monitor_.closed_; });
  Batch batch;
  batch.reports.assign(std::move_iterator(waiting_.begin()), std::move_iterator(waiting_.end()));
  waiting_.clear();
  batch.missed = std::exchange(missed_, 0);
  batch.ended = monitor_.closed_;
  return batch;
}

}  // namespace vestibule::events
