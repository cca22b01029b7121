#pragma once

#include "gateway/identity_provider.h"
#include "remote/saga.h"

namespace vestibule::remote {

struct UpgradeWanted {
  accounts::User user;        ///< the guest, as its session names it
  gateway::UpgradeForm form;  ///< checked
};

struct RemoteUpgrade {
  accounts::User user;
  sessions::Session session;
  SessionTokens tokens;
};

/// A guest becomes an account at the remote and here. Steps: (reactivate, if a purge had begun,)
/// get the last token as a guest, store profile and password there, delete the tag there, write the
/// account, its fresh session and the event here. The form is kept, sealed, until the end, so that
/// what was begun is completed whatever happens.
class UpgradeSaga {
 public:
  explicit UpgradeSaga(const Workbench& bench) : bench_(bench) {}

  /// Blocking. Errors: gone `guest_gone`; conflict `merging`, `already_registered`; invalid
  /// `password_refused` (field password) when the remote's policy refuses. Throws
  /// gateway::ProviderUnavailable, also when the outcome is not known yet: then it is completed in
  /// the background.
  base::Result<RemoteUpgrade> run(const UpgradeWanted& wanted) const;
  /// Drives a task that was cut off to its end. The browser has given up: it gets no session.
  void complete(Task& task) const;

 private:
  enum Step { reactivate, enroll, untag };
  enum class Stored { yes, refused, gone };
  struct Start;

  Start start(const UpgradeWanted& wanted) const;
  base::Result<RemoteUpgrade> drive(Task& task, const UpgradeWanted& wanted) const;
  enum class Standing { guest, account, gone };  ///< at the remote

  void make_active(Task& task) const;
  Stored store_remotely(Task& task) const;
  Standing ask_standing(Task& task) const;
  [[noreturn]] void give_up(Task& task, const CallError& error) const;
  void abandon(const Task& task) const;
  void erase_gone(const Task& task) const;
  void write_account(store::Transaction& tx, const Task& task,
                     std::optional<sessions::Session> session, base::Time now) const;

  const Workbench& bench_;
};

}  // namespace vestibule::remote
