#pragma once

#include <stop_token>

#include "remote/provision_saga.h"
#include "remote/removal_saga.h"
#include "remote/upgrade_saga.h"

namespace vestibule::remote {

/// The sagas, and what drives those that nobody drives: after a crash, a lost answer or a wait.
class Sagas {
 public:
  explicit Sagas(const Workbench& bench)
      : bench_(bench), provisioning(bench), upgrading(bench), removing(bench) {}

  /// Drives every task that is due, several at once; leaves early when asked to stop.
  void run_due(base::Time now, const std::stop_token& stop) const;
  /// Forgets the tokens of sessions that are no more.
  void forget_ended_tokens(const std::stop_token& stop) const;

 private:
  const Workbench& bench_;
  void drive(const std::string& subject) const;

 public:
  const ProvisionSaga provisioning;
  const UpgradeSaga upgrading;
  const RemovalSaga removing;
};

}  // namespace vestibule::remote
