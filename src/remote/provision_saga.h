#pragma once

#include <string>

#include "guests/guests.h"
#include "remote/saga.h"

namespace vestibule::remote {

/// What a guest is made for: a browser's ticket, or a backend's idempotency key.
struct GuestWanted {
  base::SessionId session = {};  ///< of a ticket
  std::string key = {};          ///< Idempotency-Key, if it is not for a ticket
  std::string body = {};         ///< of the backend's request
  base::UserId caller = {};      ///< the backend's service account
  std::string client_address = {};
  /// How often this key was used up and forgotten before.
  std::int64_t round = 0;

  bool for_ticket() const { return key.empty(); }
  /// The remote id.
  std::string subject() const;
};

struct RemoteGuest {
  guests::Provisioned provisioned;
  SessionTokens tokens;
};

/// A guest at the remote and here. Steps: create the user there, get a token for it, write user,
/// session, token and event here in one transaction. Whoever asks for the same again, at once or
/// after a crash, gets the same guest; an attempt that was cut off is completed by `complete`.
class ProvisionSaga {
 public:
  explicit ProvisionSaga(const Workbench& bench) : bench_(bench) {}

  /// Blocking. Errors as guests::Guests::provision. Throws gateway::ProviderUnavailable.
  base::Result<RemoteGuest> run(GuestWanted wanted) const;
  /// Drives a task that was cut off to its end; nobody waits for a token.
  void complete(Task& task) const;

 private:
  enum Step { create };

  /// What there is, or the task that the caller has to drive, or neither while another drives it.
  struct Start {
    std::optional<base::Result<guests::Provisioned>> there;
    std::optional<Task> mine;
  };
  Start start(GuestWanted& wanted) const;
  base::Result<RemoteGuest> drive(Task& task, const GuestWanted& wanted) const;
  base::Result<RemoteGuest> with_tokens(guests::Provisioned provisioned) const;
  void create_user(Task& task, const std::string& tag) const;
  SessionTokens impersonate_fresh(Task& task) const;
  base::Result<guests::Provisioned> record(store::Transaction& tx, const GuestWanted& wanted,
                                           base::Time now) const;

  const Workbench& bench_;
};

}  // namespace vestibule::remote
