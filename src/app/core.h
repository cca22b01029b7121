#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "accounts/refused_passwords.h"
#include "accounts/users.h"
#include "app/config.h"
#include "app/installation.h"
#include "base/random.h"
#include "base/result.h"
#include "events/audit_sealer.h"
#include "events/monitor.h"
#include "events/outbox.h"
#include "events/refused_attempts.h"
#include "guests/guests.h"
#include "http/outgoing.h"
#include "keys/key_ring.h"
#include "keys/purpose_keys.h"
#include "lifecycle/purge.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::app {

/// Everything below HTTP, wired once from the configuration: what a server and the commands that
/// work on a store without one have in common. The members stand in the order of construction.
class Core {
 public:
  /// Opens the store (which takes the data directory for this process), the keys and the
  /// installation. Errors are fit for an operator: a directory in use, a newer schema, a master key
  /// with wrong permissions, a webhook secret that cannot be read.
  static base::Result<std::unique_ptr<Core>> open(const Config& config, const base::Clock& clock,
                                                  base::Random& random);

  const Config config;
  const base::Clock& clock;
  base::Random& random;
  const std::unique_ptr<store::Store> store;
  keys::PurposeKeys purposes;         ///< of what leaves the process; a restore voids it
  keys::PurposeKeys stored_purposes;  ///< of what the store holds sealed; that stays
  keys::KeyRing ring;
  const base::Secret refresh_key;  ///< MAC key of refresh tokens
  events::Sealer audit;
  events::RefusedAttempts refused_attempts;
  sessions::EndedSessions ended;
  const sessions::Sessions sessions;
  accounts::UserIds ids;
  const events::Outbox outbox;
  events::Monitor monitor;  ///< what delivery does, in the process that delivers
  const guests::Guests guests;
  accounts::RefusedList refused;        ///< passwords that nobody may choose; SIGHUP replaces it
  const http::OutgoingClient outgoing;  ///< for the provider's calls to others; blocks
  Installation installation;
  /// What a purge does: deletes, unless the driver for a remote provider has put its own.
  lifecycle::PurgeStep purge_step;
  lifecycle::PurgeStatistics purged;  ///< by this process

  /// What a run of the purge works with.
  lifecycle::PurgeContext purging() { return {*store, purge_step, clock, purged}; }

  /// Set by the server: called when an outbox row may be due.
  void on_outbox(std::function<void()> wake) { wake_ = std::move(wake); }
  /// Set by the driver for a remote provider: told in the transaction that erases a user.
  void on_erasure(guests::ErasureListener listener) { on_erasure_ = std::move(listener); }
  /// Set by the server: called when a client may have to be told of a session's end.
  void on_logout_notices(std::function<void()> wake) { wake_logout_ = std::move(wake); }

 private:
  Core(const Config& config, const base::Clock& clock, base::Random& random,
       std::unique_ptr<store::Store> store, keys::MasterKey master,
       std::vector<events::Application> applications);

  std::function<void()> wake_;
  guests::ErasureListener on_erasure_;
  std::function<void()> wake_logout_;
};

}  // namespace vestibule::app
