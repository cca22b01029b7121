#include "store/group_commit.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace vestibule::store {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::uint64_t microseconds_since(SteadyClock::time_point start) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start).count());
}

std::exception_ptr unavailable(const char* why) {
  return std::make_exception_ptr(Unavailable(why));
}

}  // namespace

GroupCommit::GroupCommit(std::unique_ptr<Engine> engine, GroupCommitOptions options)
    : options_(options), engine_(std::move(engine)), writer_([this] { work(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  writer_.join();
}

void GroupCommit::submit(Unit unit) {
  if (in_unit_.load(std::memory_order_relaxed) && std::this_thread::get_id() == writer_.get_id()) {
    throw std::logic_error("a unit of work submitted another while it ran");
  }
  const char* refusal = nullptr;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      refusal = "the store is shutting down";
    } else if (waiting_.size() >= options_.max_waiting) {
      refusal = "too many writes are waiting";
    } else {
      waiting_.push_back(std::move(unit));
      wake = std::exchange(idle_, false);
    }
    if (refusal != nullptr) ++statistics_.units_refused;
  }
  if (wake) wake_.notify_one();
  if (refusal != nullptr) {
    unit.run = nullptr;
    unit.done(unavailable(refusal));
  }
}

Statistics GroupCommit::statistics() const {
  const std::lock_guard lock(mutex_);
  auto copy = statistics_;
  copy.waiting = waiting_.size();
  return copy;
}

bool GroupCommit::take() {
  std::unique_lock lock(mutex_);
  while (waiting_.empty() && !stopping_) {
    idle_ = true;
    wake_.wait(lock);
  }
  idle_ = false;
  const auto count = std::min(waiting_.size(), options_.max_group);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  group_.assign(std::move_iterator(waiting_.begin()), std::move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return count > 0;
}

void GroupCommit::work() {
  while (take()) {
    errors_.assign(group_.size(), nullptr);
    actions_.clear();
    kept_ = 0;
    try {
      run_and_commit();
    } catch (const Unavailable&) {
      fail(std::current_exception());
      continue;
    } catch (const std::exception& error) {
      fail(unavailable(error.what()));
      continue;
    } catch (...) {
      fail(unavailable("the group failed for an unknown reason"));
      continue;
    }
    if (options_.observer != nullptr) options_.observer->after_commit(group_.size());
    finish();
    engine_->tidy();
  }
}

void GroupCommit::run_and_commit() {
  const auto start = SteadyClock::now();
  engine_->begin();
  run(engine_->transaction(actions_));
  if (options_.observer != nullptr) options_.observer->before_commit(group_.size());
  const auto commit_start = SteadyClock::now();
  if (kept_ > 0) {
    engine_->commit();
  } else {
    engine_->rollback();
  }
  const std::lock_guard lock(mutex_);
  statistics_.units_kept += kept_;
  statistics_.units_rolled_back += group_.size() - kept_;
  statistics_.group_size.add(group_.size());
  statistics_.commit_microseconds.add(microseconds_since(commit_start));
  statistics_.group_microseconds.add(microseconds_since(start));
}

void GroupCommit::run(Transaction& transaction) {
  const auto deadline = SteadyClock::now() + options_.max_run;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    if (i > 0 && SteadyClock::now() >= deadline) return put_back(i);
    try {
      run_one(transaction, i);
    } catch (...) {
      // The group is lost: those that have not run yet have a fresh chance in the next one.
      put_back(i + 1);
      throw;
    }
  }
}

void GroupCommit::run_one(Transaction& transaction, std::size_t index) {
  const auto actions_before = actions_.size();
  auto outcome = Outcome::roll_back;
  engine_->savepoint();
  in_unit_.store(true, std::memory_order_relaxed);
  try {
    outcome = group_[index].run(transaction);
  } catch (...) {
    errors_[index] = std::current_exception();
  }
  in_unit_.store(false, std::memory_order_relaxed);
  if (!engine_->intact()) {
    if (errors_[index]) std::rethrow_exception(errors_[index]);
    throw Unavailable("the database gave up the transaction");
  }
  if (outcome == Outcome::keep) {
    engine_->release();
    ++kept_;
  } else {
    engine_->rollback_to();
    actions_.erase(actions_.begin() + static_cast<std::ptrdiff_t>(actions_before), actions_.end());
  }
}

void GroupCommit::put_back(std::size_t first) {
  const std::lock_guard lock(mutex_);
  const auto begin = group_.begin() + static_cast<std::ptrdiff_t>(first);
  waiting_.insert(waiting_.begin(), std::move_iterator(begin), std::move_iterator(group_.end()));
  group_.erase(begin, group_.end());
}

void GroupCommit::finish() {
  for (auto& action : actions_) {
    try {
      action();
    } catch (const std::exception& error) {
      spdlog::error("an after-commit action threw: {}", error.what());
    }
  }
  actions_.clear();
  for (std::size_t i = 0; i < group_.size(); ++i) answer(i, std::move(errors_[i]));
}

void GroupCommit::fail(const std::exception_ptr& why) {
  engine_->rollback();
  engine_->recover();
  actions_.clear();
  {
    const std::lock_guard lock(mutex_);
    ++statistics_.groups_failed;
    statistics_.units_failed += group_.size();
  }
  try {
    std::rethrow_exception(why);
  } catch (const std::exception& error) {
    spdlog::error("a group of {} units failed: {}", group_.size(), error.what());
  }
  for (std::size_t i = 0; i < group_.size(); ++i) answer(i, why);
}

void GroupCommit::answer(std::size_t index, std::exception_ptr error) noexcept {
  auto& unit = group_[index];
  // What the unit captured is gone before its caller goes on.
  unit.run = nullptr;
  try {
    unit.done(std::move(error));
  } catch (const std::exception& thrown) {
    spdlog::error("the completion of a unit threw: {}", thrown.what());
  }
  unit.done = nullptr;
}

}  // namespace vestibule::store
