#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "store/engine.h"
#include "store/statistics.h"
#include "store/store.h"

namespace vestibule::store {

struct GroupCommitOptions {
  /// Most units in one transaction.
  std::size_t max_group = 1024;
  /// A group takes no further unit after having run for so long, so that one slow unit does not
  /// hold up the answers of all.
  std::chrono::milliseconds max_run{5};
  /// Units beyond so many waiting ones are refused with Unavailable.
  std::size_t max_waiting = 100'000;
  CommitObserver* observer = nullptr;
};

/// The one writer of a store. A thread of its own takes every unit that waits, runs each in a
/// savepoint, commits them together, then runs their after-commit actions and answers them all.
/// A unit that throws or asks for it is undone alone. If the transaction is lost or its commit
/// fails, nothing of the group has happened and each of its units gets Unavailable, also those
/// that were refused: what they saw never was.
class GroupCommit {
 public:
  explicit GroupCommit(std::unique_ptr<Engine> engine, GroupCommitOptions options = {});
  /// Refuses new units, finishes those that wait, and joins.
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  /// Queues a unit. A refused one (queue full, stopping) is answered before this returns. A unit
  /// that submits another while it runs is a bug: std::logic_error.
  void submit(Unit unit);

  Statistics statistics() const;

 private:
  void work();
  bool take();
  void run_and_commit();
  void run(Transaction& transaction);
  void run_one(Transaction& transaction, std::size_t index);
  void finish();
  void fail(const std::exception_ptr& why);
  void answer(std::size_t index, std::exception_ptr error) noexcept;
  void put_back(std::size_t first);

  const GroupCommitOptions options_;
  std::unique_ptr<Engine> engine_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Unit> waiting_;
  bool idle_ = false;
  bool stopping_ = false;
  Statistics statistics_;

  // The group at hand; touched by the writer's thread only.
  std::vector<Unit> group_;
  std::vector<std::exception_ptr> errors_;
  Actions actions_;
  std::size_t kept_ = 0;
  std::atomic<bool> in_unit_ = false;

  std::thread writer_;
};

}  // namespace vestibule::store
