#include "events/lane.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace vestibule::events {
namespace {

constexpr std::chrono::seconds longest_sleep{60};
constexpr std::chrono::seconds pause_after_trouble{1};

}  // namespace

Dispatcher::Lane::Lane(const Application& application, AttemptContext context,
                       const DispatcherOptions& options)
    : application_(application), context_(std::move(context)), options_(options) {}

Dispatcher::Lane::~Lane() {
  ask_to_stop();
  join();
}

void Dispatcher::Lane::start() {
  for (int i = 0; i < options_.threads_per_application; ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

void Dispatcher::Lane::ask_to_stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

void Dispatcher::Lane::join() {
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void Dispatcher::Lane::wake() {
  const std::lock_guard lock(mutex_);
  if (dirty_) return;
  dirty_ = true;
  changed_.notify_one();
}

int Dispatcher::Lane::deliver_due() {
  int delivered = 0;
  for (;;) {
    const auto due = context_.store.read([&](store::Transaction& tx) {
      return list_due(tx, application_.name, context_.clock.now(), options_.batch);
    });
    if (due.empty()) return delivered;
    for (const auto& delivery : due) delivered += attempt(context_, application_, delivery) ? 1 : 0;
  }
}

void Dispatcher::Lane::work() {
  while (const auto delivery = take()) {
    try {
      attempt(context_, application_, *delivery);
    } catch (const std::exception& error) {
      spdlog::error("webhooks to {}: {}", application_.name, error.what());
      pause();
    }
    let_go(delivery->id);
  }
}

std::optional<Delivery> Dispatcher::Lane::take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopping_) return std::nullopt;
    const auto now = std::chrono::steady_clock::now();
    if (now < paused_until_) {
      changed_.wait_until(lock, paused_until_);
    } else if (!ready_.empty()) {
      auto delivery = std::move(ready_.front());
      ready_.pop_front();
      return delivery;
    } else if (!loading_ && (dirty_ || now >= look_again_)) {
      load(lock);
    } else if (loading_) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, look_again_);
    }
  }
}

void Dispatcher::Lane::load(std::unique_lock<std::mutex>& lock) {
  dirty_ = false;
  loading_ = true;
  const auto limit = options_.batch + static_cast<int>(claimed_.size());
  const auto now = context_.clock.now();
  lock.unlock();
  std::vector<Delivery> due;
  std::optional<base::Time> next;
  bool failed = false;
  try {
    context_.store.read([&](store::Transaction& tx) {
      due = list_due(tx, application_.name, now, limit);
      next = find_next_due(tx, application_.name, now);
    });
  } catch (const std::exception& error) {
    spdlog::error("webhooks to {}: {}", application_.name, error.what());
    failed = true;
  }
  lock.lock();
  loading_ = false;
  for (auto& delivery : due) {
    if (claimed_.insert(delivery.id).second) ready_.push_back(std::move(delivery));
  }
  for (const auto id : let_go_) claimed_.erase(id);
  if (!let_go_.empty() || failed || std::cmp_equal(due.size(), limit)) dirty_ = true;
  let_go_.clear();
  const auto steady = std::chrono::steady_clock::now();
  look_again_ = steady + longest_sleep;
  if (next)
    look_again_ = std::min(look_again_, steady + std::max(*next - now, base::Milliseconds{1}));
  if (failed) paused_until_ = steady + pause_after_trouble;
  changed_.notify_all();
}

void Dispatcher::Lane::let_go(base::EventId id) {
  const std::lock_guard lock(mutex_);
  if (loading_) {
    let_go_.push_back(id);
  } else {
    claimed_.erase(id);
  }
  dirty_ = true;
  changed_.notify_one();
}

void Dispatcher::Lane::pause() {
  const std::lock_guard lock(mutex_);
  paused_until_ = std::chrono::steady_clock::now() + pause_after_trouble;
}

}  // namespace vestibule::events
