#pragma once

#include <vector>

#include "app/core.h"
#include "async/pool.h"
#include "lifecycle/keeper.h"
#include "remote/recovery.h"
#include "remote/remote_provider.h"
#include "remote/zitadel_client.h"

namespace vestibule::app {

/// The gateway's identity provider is a ZITADEL elsewhere: its client, its sagas and the driver,
/// wired from the configuration. Outlived by `core`.
class RemoteIdentity {
 public:
  /// Puts its purge and its ears for erased guests into the core. Throws std::invalid_argument
  /// naming a file that cannot be read.
  explicit RemoteIdentity(Core& core);
  ~RemoteIdentity();
  RemoteIdentity(const RemoteIdentity&) = delete;
  RemoteIdentity& operator=(const RemoteIdentity&) = delete;

  gateway::IdentityProvider& provider() { return provider_; }
  /// What the keeper does for it.
  std::vector<lifecycle::Job> jobs();

 private:
  Core& core_;
  const remote::ZitadelOptions options_;
  remote::ZitadelClient client_;
  const remote::Tasks tasks_;
  const remote::SessionTokenStore tokens_;
  const remote::Workbench bench_;
  const remote::Sagas sagas_;
  async::CpuPool calls_;  ///< threads that wait for the remote
  remote::RemoteProvider provider_;
};

}  // namespace vestibule::app
