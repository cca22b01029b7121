#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "store/transaction.h"

namespace vestibule::store {

/// Things to do once a group is durable, in the order in which its units asked.
using Actions = std::vector<std::move_only_function<void()>>;

/// What group commit needs of a database: one connection that writes, used on one thread. Every
/// member may throw Unavailable unless it is noexcept.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Opens the transaction of a group.
  virtual void begin() = 0;
  /// Opens the savepoint of one unit; there is never more than one.
  virtual void savepoint() = 0;
  /// Keeps what was done since savepoint().
  virtual void release() = 0;
  /// Undoes what was done since savepoint().
  virtual void rollback_to() = 0;
  /// Makes the group durable; returns only when it is on disk.
  virtual void commit() = 0;
  /// Undoes the group, in whatever state it is.
  virtual void rollback() noexcept = 0;
  /// False when the transaction that begin() opened is lost and cannot be committed.
  virtual bool intact() const = 0;
  /// Called after a group failed and before its callers hear of it: makes sure that nothing of the
  /// group can appear later, and that the next begin() finds a sound connection.
  virtual void recover() noexcept = 0;
  /// What units work with. Actions that they ask for are appended to `actions`, which outlives
  /// the use of the transaction.
  virtual Transaction& transaction(Actions& actions) = 0;
  /// Called between groups: short housekeeping.
  virtual void tidy() noexcept = 0;
};

/// Hears of the moments around a commit, on the writer's thread: for tests that kill or delay the
/// process there.
class CommitObserver {
 public:
  virtual ~CommitObserver() = default;
  /// All `units` of the group have run; nothing is durable yet.
  virtual void before_commit(std::size_t units) = 0;
  /// The group is durable; nobody has been answered yet.
  virtual void after_commit(std::size_t units) = 0;
};

}  // namespace vestibule::store
