#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "keys/purpose_keys.h"
#include "keys/sealer.h"
#include "store/transaction.h"

namespace vestibule::remote {

/// What may be under way with a remote user.
enum class TaskKind { provision = 1, upgrade = 2, removal = 3 };

/// A saga that has been begun and is not finished. Its row is the lease of the remote user: there
/// is one at most, and whoever drives it holds its fence.
struct Task {
  std::string subject;  ///< the remote user's id
  TaskKind kind = TaskKind::provision;
  int step = 0;                           ///< of the kind: what is to be done next
  std::optional<base::UserId> user = {};  ///< the local user, if it is there
  std::string document = {};              ///< JSON of the kind; sealed in the store
  std::int64_t fence = 1;
  int attempts = 0;  ///< failures of this step
  base::Time created_at = {};
  base::Time due_at = {};  ///< nobody else drives it before
};

/// The tasks in the store.
class Tasks {
 public:
  /// `lease`: how long a driver is left alone; longer than its longest call takes.
  Tasks(keys::PurposeKeys& keys, base::Random& random, base::Milliseconds lease)
      : sealer_(keys, random), lease_(lease) {}

  /// Begins `task` and gives it to the caller to drive. False if anything is under way with that
  /// user.
  bool begin(store::Transaction& tx, Task& task, base::Time now) const;
  /// The same, for a worker to drive as soon as it can.
  bool leave_for_later(store::Transaction& tx, Task& task, base::Time now) const;
  std::optional<Task> find(store::Transaction& tx, const std::string& subject,
                           base::Time now) const;
  /// Gives a task that nobody drives to the caller: the fence is counted up.
  std::optional<Task> take(store::Transaction& tx, const std::string& subject,
                           base::Time now) const;
  /// Takes a task from whoever holds that fence, and rewrites it as `task`.
  bool take_over(store::Transaction& tx, Task& task, base::Time now) const;
  /// Writes step, attempts and document of a task that the caller still holds, and holds it on
  /// until `due_at`. False if somebody else has taken it.
  bool save(store::Transaction& tx, Task& task, base::Time due_at, base::Time now) const;
  bool hold(store::Transaction& tx, Task& task, base::Time now) const {
    return save(tx, task, now + lease_, now);
  }
  /// Ends a task that the caller still holds. False if somebody else has taken it.
  static bool finish(store::Transaction& tx, const Task& task);
  /// Those that nobody drives, oldest first.
  static std::vector<std::string> list_due(store::Transaction& tx, base::Time now, int limit);
  static std::int64_t count(store::Transaction& tx);

  base::Milliseconds lease() const { return lease_; }

 private:
  bool insert(store::Transaction& tx, Task& task, base::Time now) const;
  std::string seal(const Task& task, base::Time now) const;
  Task read(const store::Rows& rows, base::Time now) const;

  keys::Sealer sealer_;
  base::Milliseconds lease_;
};

}  // namespace vestibule::remote
