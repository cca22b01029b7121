#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "events/outbox.h"
#include "guests/guests.h"
#include "remote/session_tokens.h"
#include "remote/tasks.h"
#include "remote/zitadel_api.h"
#include "sessions/sessions.h"
#include "store/store.h"

namespace vestibule::remote {

/// What every saga works with; it outlives them.
struct Workbench {
  store::Store& store;
  const guests::Guests& guests;
  const sessions::Sessions& sessions;
  ZitadelApi& api;
  const Tasks& tasks;
  const SessionTokenStore& tokens;
  const base::Clock& clock;
  base::Random& random;
  base::OrganizationId organization;  ///< of the local users
  base::UserId service_account;       ///< `act` of guests' sessions, here
  base::ClientId client;              ///< the gateway's own, here
  base::Milliseconds session_lifetime{30LL * 24 * 3600 * 1000};
  base::Milliseconds first_retry{2'000};  ///< doubles up to `longest_retry`
};

inline constexpr base::Milliseconds longest_retry{5LL * 60 * 1000};
/// Beyond the longest call, for clocks and the way.
inline constexpr base::Milliseconds margin{1'000};

/// How long somebody who drives a task is left alone: its longest call, twice (a call may have to
/// get a fresh service token first), and the time to write down what came of it.
inline base::Milliseconds lease_of(const ZitadelApi& api) {
  return 2 * api.longest_call() + margin;
}

/// The task was taken by somebody else: what this driver knows of it is void.
class TaskLost : public std::runtime_error {
 public:
  TaskLost() : std::runtime_error("another driver has taken the task over") {}
};

/// Holds the task for one more call; throws TaskLost.
void hold(const Workbench& bench, Task& task);
/// Writes down that the task goes on with `step`, held for its next call; throws TaskLost.
void go_on(const Workbench& bench, Task& task, int step);
/// Gives the task back until it is tried again, later and later; throws TaskLost.
void give_back(const Workbench& bench, Task& task);
/// Gives the task back until then.
void give_back_until(const Workbench& bench, Task& task, base::Time due_at);
/// Ends the task in `tx`; throws TaskLost, so that the unit is rolled back.
void finish(store::Transaction& tx, const Task& task);

/// The id that a guest gets at the remote: it follows from what the guest is made for, so that a
/// repeated attempt makes no second one, and tells nothing of it.
std::string guest_subject(std::string_view made_for);
/// The address that a guest has until it gives its own: nobody's (RFC 2606).
std::string placeholder_email(std::string_view subject);

}  // namespace vestibule::remote
