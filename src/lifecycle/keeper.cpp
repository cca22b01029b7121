#include "lifecycle/keeper.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <stdexcept>

namespace vestibule::lifecycle {

struct Keeper::Slot {
  explicit Slot(Job its_job) : job(std::move(its_job)) {}

  const Job job;
  std::mutex running;  ///< held by whoever runs the job
  std::mutex mutex;
  std::condition_variable_any changed;
  bool triggered = false;
  std::jthread thread;
};

Keeper::Keeper(std::vector<Job> jobs, const base::Clock& clock) : clock_(clock) {
  for (auto& job : jobs) {
    if (find(job.name)) throw std::invalid_argument(fmt::format("two jobs named {}", job.name));
    slots_.push_back(std::make_unique<Slot>(std::move(job)));
  }
}

Keeper::~Keeper() {
  stop();
}

void Keeper::start() {
  for (auto& slot : slots_) {
    slot->thread =
        std::jthread([this, &slot = *slot](const std::stop_token& stop) { work(slot, stop); });
  }
}

void Keeper::stop() {
  for (auto& slot : slots_) slot->thread.request_stop();
  for (auto& slot : slots_) {
    if (slot->thread.joinable()) slot->thread.join();
  }
}

bool Keeper::trigger(std::string_view name) {
  auto* slot = find(name);
  if (!slot) return false;
  const std::lock_guard lock(slot->mutex);
  slot->triggered = true;
  slot->changed.notify_one();
  return true;
}

void Keeper::run_once(std::string_view name) {
  auto* slot = find(name);
  if (!slot) throw std::out_of_range(fmt::format("no job named {}", name));
  const std::lock_guard lock(slot->running);
  slot->job.run(clock_.now(), std::stop_token{});
}

void Keeper::work(Slot& slot, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    try {
      const std::lock_guard lock(slot.running);
      slot.job.run(clock_.now(), stop);
    } catch (const std::exception& error) {
      spdlog::error("keeper: {}: {}", slot.job.name, error.what());
    }
    std::unique_lock lock(slot.mutex);
    slot.changed.wait_for(lock, stop, slot.job.interval, [&] { return slot.triggered; });
    slot.triggered = false;
  }
}

Keeper::Slot* Keeper::find(std::string_view name) const {
  for (const auto& slot : slots_) {
    if (slot->job.name == name) return slot.get();
  }
  return nullptr;
}

}  // namespace vestibule::lifecycle
