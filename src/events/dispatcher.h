#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "events/circuit.h"
#include "events/deliveries.h"
#include "events/monitor.h"
#include "events/outbox.h"
#include "http/outgoing.h"
#include "store/store.h"

namespace vestibule::events {

/// How one signed request reaches an application. Blocks; called from several threads.
using Sender = std::function<std::expected<http::OutgoingResponse, http::OutgoingError>(
    const Application&, const http::OutgoingRequest&)>;

/// An attempt takes no longer, connecting and all.
inline constexpr base::Milliseconds longest_attempt{10'000};

/// The real one: one OutgoingClient for each application with its own allowed networks, with
/// longest_attempt in all. `ca_file` holds certificates that are trusted besides the system's, if
/// it is not empty. Throws std::invalid_argument for a malformed range (`config check` names them
/// before).
Sender make_sender(const std::vector<Application>& applications, const std::string& ca_file);

/// Told that an application has acknowledged a merge, in the transaction that marks the request as
/// delivered: the wiring calls guests::Guests::acknowledge.
using OnAcknowledged = std::function<void(store::Transaction&, base::MergeId,
                                          std::string_view application, base::Time)>;
/// Told that a merge request has reached an application that has not acknowledged it yet, in the
/// transaction that notes the attempt.
using OnDelivered = OnAcknowledged;

/// Who else works on the store.
enum class StoreUse {
  shared,    ///< other processes may hold leases
  exclusive  ///< nobody: leases that are found at the start are of the dead
};

struct DispatcherOptions {
  RetryPolicy retry = {};
  CircuitPolicy circuit = {};
  int threads_per_application = 4;
  /// Rows leased at once.
  int batch = 64;
  /// Longer than longest_attempt and a commit; at most ten minutes. What cannot be sent and
  /// committed within it is given back before.
  base::Milliseconds lease{30'000};
  StoreUse store_use = StoreUse::shared;
  Delivered delivered_rows = Delivered::kept;
  OnDelivered on_delivered = {};
  /// Outlives the dispatcher; may be none.
  Monitor* monitor = nullptr;
};

/// Delivers the outbox: at least once, in order per user and application. Each application has a
/// lane of its own with its own threads, so a slow one delays nobody else, and its own circuit, so
/// that one that is down is asked now and then instead of being sent everything. A row is sent only
/// under a lease that the store has recorded: two processes on one store never send it at one time.
class Dispatcher {
 public:
  /// The references outlive the dispatcher; `random` is used from several threads.
  Dispatcher(store::Store& store, const Outbox& outbox, const base::Clock& clock,
             base::Random& random, Sender sender, OnAcknowledged on_acknowledged,
             DispatcherOptions options = {});
  /// Stops.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  /// Starts the lanes; they find what an earlier process left. Throws store::Unavailable.
  void start();
  /// Ends after the requests that are under way (10 s at most). Idempotent.
  void stop();
  /// Something may be due: called after commits, from any thread; does not block.
  void wake();
  /// Sends on this thread what is due now, row after row, until nothing is or a circuit is open and
  /// its probe not due. For tests; not while the lanes run. Returns how many were delivered.
  int deliver_due();

 private:
  class Lane;
  store::Store& store_;
  const base::Clock& clock_;
  const DispatcherOptions options_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace vestibule::events
