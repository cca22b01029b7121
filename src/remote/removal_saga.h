#pragma once

#include <span>

#include "guests/guests.h"
#include "remote/saga.h"

namespace vestibule::remote {

/// A remote guest is deleted: because nobody came back (its local user stays until it is gone
/// there), or because it was merged or erased here. Steps: deactivate it, so that nobody signs in
/// any more; wait longer than the longest call can take; read tag and credentials again; only then
/// delete it, or reactivate it if it has been registered meanwhile, through whatever door.
class RemovalSaga {
 public:
  explicit RemovalSaga(const Workbench& bench) : bench_(bench) {}

  /// Begins the removal of those candidates that are guests here whose day and last activity are
  /// before `cutoff`. A step of lifecycle::run_purge; how many.
  int begin_purge(store::Transaction& tx, std::span<const base::UserId> candidates,
                  base::Time cutoff, base::Time now) const;
  /// A guests::ErasureListener: what was merged or erased here is removed there.
  void on_erasure(store::Transaction& tx, const accounts::User& user, guests::EraseReason reason,
                  base::Time now) const;
  /// Drives a task on, to its end or to the next wait.
  void complete(Task& task) const;
  /// A visitor came back while the purge of its guest waits: reactivates it. False if nothing
  /// waits. Throws gateway::ProviderUnavailable.
  bool rescue(const accounts::User& user) const;

  /// True between the deactivation and the second look: no call is under way.
  static bool waits(const Task& task) { return task.step == Step::look; }
  static bool may_have_deleted(const Task& task) { return task.step == Step::erase; }

 private:
  enum Step { deactivate, look, restore, erase };
  enum class Seen { abandoned, registered, active_again, gone };

  void do_deactivate(Task& task) const;
  void do_look(Task& task) const;
  void do_restore(Task& task) const;
  void do_erase(Task& task) const;
  Seen look_again(const Task& task) const;
  bool came_back(const Task& task) const;
  void finish_gone(const Task& task) const;

  const Workbench& bench_;
};

}  // namespace vestibule::remote
