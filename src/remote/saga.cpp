#include "remote/saga.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/encoding.h"
#include "base/random.h"

namespace vestibule::remote {
namespace {

constexpr std::size_t subject_digits = 32;

void save(const Workbench& bench, Task& task, base::Time due_at) {
  const auto now = bench.clock.now();
  const bool kept = bench.store.write(
      [&](store::Transaction& tx) { return bench.tasks.save(tx, task, due_at, now); });
  if (!kept) throw TaskLost();
}

/// Between half the delay and all of it, so that what failed together is not tried together.
base::Milliseconds jittered(base::Milliseconds delay, base::Random& random) {
  std::uint32_t word = 0;
  for (const auto byte : base::random_bytes(random, 4))
    word = word << 8 | static_cast<unsigned char>(byte);
  const auto half = delay / 2;
  return half + base::Milliseconds{word % static_cast<std::uint32_t>(half.count() + 1)};
}

}  // namespace

void hold(const Workbench& bench, Task& task) {
  save(bench, task, bench.clock.now() + bench.tasks.lease());
}

void go_on(const Workbench& bench, Task& task, int step) {
  task.step = step;
  task.attempts = 0;
  hold(bench, task);
}

void give_back(const Workbench& bench, Task& task) {
  const int doublings = std::min(task.attempts, 16);
  const auto delay = std::min<base::Milliseconds>(
      bench.first_retry * (std::int64_t{1} << doublings), longest_retry);
  ++task.attempts;
  save(bench, task, bench.clock.now() + jittered(delay, bench.random));
}

void give_back_until(const Workbench& bench, Task& task, base::Time due_at) {
  save(bench, task, due_at);
}

void finish(store::Transaction& tx, const Task& task) {
  if (!Tasks::finish(tx, task)) throw TaskLost();
}

std::string guest_subject(std::string_view made_for) {
  return "vst-" + base::to_hex(base::sha256("vestibule guest " + std::string(made_for)))
                      .substr(0, subject_digits);
}

std::string placeholder_email(std::string_view subject) {
  return std::string(subject) + "@guest.invalid";
}

}  // namespace vestibule::remote
