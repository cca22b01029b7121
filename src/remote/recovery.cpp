#include "remote/recovery.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <thread>
#include <vector>

#include "gateway/identity_provider.h"

namespace vestibule::remote {
namespace {

constexpr int page_size = 200;
/// Drivers at once: they wait for the remote most of the time.
constexpr std::size_t drivers = 8;
constexpr int tokens_at_once = 500;

}  // namespace

void Sagas::drive(const std::string& subject) const {
  try {
    const auto now = bench_.clock.now();
    auto task = bench_.store.write(
        [&](store::Transaction& tx) { return bench_.tasks.take(tx, subject, now); });
    if (!task) return;
    switch (task->kind) {
      case TaskKind::provision:
        return provisioning.complete(*task);
      case TaskKind::upgrade:
        return upgrading.complete(*task);
      case TaskKind::removal:
        return removing.complete(*task);
    }
  } catch (const TaskLost&) {
    // Whoever took it goes on with it.
  } catch (const gateway::ProviderUnavailable& error) {
    spdlog::warn("what was begun with the identity provider has to wait: {}", error.what());
  } catch (const std::exception& error) {
    spdlog::error("a task with the identity provider: {}", error.what());
  }
}

void Sagas::run_due(base::Time now, const std::stop_token& stop) const {
  const auto due = bench_.store.read(
      [&](store::Transaction& tx) { return Tasks::list_due(tx, now, page_size); });
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (auto i = next++; i < due.size() && !stop.stop_requested(); i = next++) drive(due[i]);
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min(drivers, due.size()); ++i) others.emplace_back(work);
  work();
}

void Sagas::forget_ended_tokens(const std::stop_token& stop) const {
  while (!stop.stop_requested()) {
    const auto forgotten = bench_.store.write(
        [](store::Transaction& tx) { return SessionTokenStore::forget_ended(tx, tokens_at_once); });
    if (forgotten < tokens_at_once) return;
  }
}

}  // namespace vestibule::remote
