#include "events/lane.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

namespace vestibule::events {
namespace {

using std::chrono::steady_clock;

/// Also how long leases of a process that has died are overlooked after they have ended.
constexpr std::chrono::seconds longest_sleep{30};
constexpr std::chrono::seconds pause_after_trouble{1};
/// For the commit of what came of an attempt.
constexpr std::chrono::seconds commit_margin{5};
/// Rows that an outage has delayed and its end makes due at once; more come as they are due.
constexpr int most_hastened = 1'000;

}  // namespace

Dispatcher::Lane::Lane(const Application& application, AttemptContext context)
    : application_(application),
      context_(std::move(context)),
      options_(context_.options),
      circuit_(options_.circuit) {}

Dispatcher::Lane::~Lane() {
  ask_to_stop();
  join();
}

void Dispatcher::Lane::start() {
  if (options_.store_use == StoreUse::exclusive) {
    context_.store.write([&](store::Transaction& tx) { void_leases(tx, application_.name); });
  }
  tell_circuit();
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
  Lock lock(mutex_);
  give_back_ready(lock);
}

void Dispatcher::Lane::wake() {
  const std::lock_guard lock(mutex_);
  dirty_ = true;
  changed_.notify_one();
}

int Dispatcher::Lane::deliver_due() {
  int delivered = 0;
  for (;;) {
    const auto now = context_.clock.now();
    if (circuit_.wait(now) > base::Milliseconds{0}) return delivered;
    const bool probing = circuit_.is_open();
    const auto claimed = claim(now, probing ? 1 : options_.batch);
    if (claimed.rows.empty()) return delivered;
    for (const auto& delivery : claimed.rows) {
      if (circuit_.is_open() && !probing) {
        context_.store.write([&](store::Transaction& tx) { events::give_back(tx, delivery); });
      } else {
        delivered += try_one(delivery).done ? 1 : 0;
      }
    }
  }
}

void Dispatcher::Lane::work() {
  while (const auto delivery = take()) {
    try {
      try_one(*delivery);
    } catch (const std::exception& error) {
      spdlog::error("webhooks to {}: {}", application_.name, error.what());
      pause();
    }
    let_go(delivery->id);
  }
}

std::optional<Delivery> Dispatcher::Lane::take() {
  Lock lock(mutex_);
  while (!stopping_) {
    const auto steady = steady_clock::now();
    if (steady < paused_until_) {
      changed_.wait_until(lock, paused_until_);
    } else if (must_give_back(steady)) {
      give_back_ready(lock);
    } else if (circuit_.is_open() && !under_way_.empty()) {
      changed_.wait(lock);  // one probe at a time
    } else if (!ready_.rows.empty()) {
      auto delivery = std::move(ready_.rows.front());
      ready_.rows.pop_front();
      under_way_.insert(delivery.id);
      return delivery;
    } else if (loading_) {
      changed_.wait(lock);
    } else if (const auto now = context_.clock.now(); circuit_.wait(now) > base::Milliseconds{0}) {
      changed_.wait_until(lock,
                          steady + std::min<base::Milliseconds>(circuit_.wait(now), longest_sleep));
    } else if (dirty_ || steady >= look_again_) {
      load(lock, now);
    } else {
      changed_.wait_until(lock, look_again_);
    }
  }
  return std::nullopt;
}

/// Rows that may not leave any more: their lease is about to end, or they were leased before the
/// circuit opened.
bool Dispatcher::Lane::must_give_back(Steady steady) const {
  const auto& rows = ready_.rows;
  return !rows.empty() && (steady > ready_.send_before || (circuit_.is_open() && rows.size() > 1));
}

Dispatcher::Lane::Claim Dispatcher::Lane::claim(base::Time now, int limit) {
  const auto begun = steady_clock::now();
  auto& store = context_.store;
  const auto& name = application_.name;
  // Most looks find nothing, and a read keeps no writer waiting.
  const bool any =
      store.read([&](store::Transaction& tx) { return !list_due(tx, name, now, 1).empty(); });
  if (!any) return {};
  auto rows = store.write(
      [&](store::Transaction& tx) { return claim_due(tx, name, now, options_.lease, limit); });
  return {.rows = {std::move_iterator(rows.begin()), std::move_iterator(rows.end())},
          .send_before = begun + options_.lease - longest_attempt - commit_margin};
}

void Dispatcher::Lane::load(Lock& lock, base::Time now) {
  dirty_ = false;
  loading_ = true;
  const auto limit = circuit_.is_open() ? 1 : options_.batch;
  lock.unlock();
  Claim claimed;
  std::optional<base::Time> next;
  bool failed = false;
  try {
    claimed = claim(now, limit);
    next = context_.store.read(
        [&](store::Transaction& tx) { return find_next_due(tx, application_.name, now); });
  } catch (const std::exception& error) {
    spdlog::error("webhooks to {}: {}", application_.name, error.what());
    failed = true;
  }
  lock.lock();
  if (failed || std::cmp_equal(claimed.rows.size(), limit)) dirty_ = true;
  give_back(lock, take_those_under_way(claimed.rows));
  loading_ = false;
  ready_ = std::move(claimed);
  const auto steady = steady_clock::now();
  look_again_ = steady + longest_sleep;
  if (next)
    look_again_ = std::min(look_again_, steady + std::max(*next - now, base::Milliseconds{1}));
  if (failed) paused_until_ = steady + pause_after_trouble;
  changed_.notify_all();
}

Attempted Dispatcher::Lane::try_one(const Delivery& delivery) {
  const auto attempted = attempt(context_, application_, delivery);
  settle(delivery, attempted);
  return attempted;
}

void Dispatcher::Lane::settle(const Delivery& delivery, const Attempted& attempted) {
  Lock lock(mutex_);
  const auto now = context_.clock.now();
  if (attempted.answered && circuit_.succeeded()) {
    lock.unlock();
    spdlog::info("webhooks to {}: it answers again", application_.name);
    tell_circuit();
    context_.store.write(
        [&](store::Transaction& tx) { hasten(tx, application_.name, now, most_hastened); });
  } else if (!attempted.answered) {
    const bool opened = circuit_.failed(delivery.id, now, context_.random);
    if (opened) {
      spdlog::error(
          "webhooks to {}: {} events failed one after the other: it is asked now and "
          "then until it answers again",
          application_.name, options_.circuit.failures);
      give_back_ready(lock);
    }
    const bool changed = circuit_.is_open();
    lock.unlock();
    if (changed) tell_circuit();
  }
}

void Dispatcher::Lane::tell_circuit() {
  if (options_.monitor == nullptr) return;
  const std::lock_guard lock(mutex_);
  options_.monitor->set_circuit(application_.name, {circuit_.next_probe()});
}

/// Rows that are due again before the thread that failed to deliver them has let them go: leased by
/// nobody they are found again by the look that follows let_go().
std::deque<Delivery> Dispatcher::Lane::take_those_under_way(std::deque<Delivery>& rows) {
  std::deque<Delivery> taken;
  std::erase_if(rows, [&](Delivery& row) {
    const bool under_way = under_way_.contains(row.id);
    if (under_way) taken.push_back(row);
    return under_way;
  });
  return taken;
}

void Dispatcher::Lane::give_back_ready(Lock& lock) {
  if (ready_.rows.empty()) return;
  dirty_ = true;
  give_back(lock, std::exchange(ready_.rows, {}));
}

void Dispatcher::Lane::give_back(Lock& lock, const std::deque<Delivery>& rows) {
  if (rows.empty()) return;
  lock.unlock();
  try {
    context_.store.write([&](store::Transaction& tx) {
      for (const auto& delivery : rows) events::give_back(tx, delivery);
    });
  } catch (const std::exception& error) {
    spdlog::warn("webhooks to {}: leases end by themselves: {}", application_.name, error.what());
  }
  lock.lock();
}

void Dispatcher::Lane::let_go(base::EventId id) {
  const std::lock_guard lock(mutex_);
  under_way_.erase(id);
  dirty_ = true;
  changed_.notify_all();
}

void Dispatcher::Lane::pause() {
  const std::lock_guard lock(mutex_);
  paused_until_ = steady_clock::now() + pause_after_trouble;
}

}  // namespace vestibule::events
