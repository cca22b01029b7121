#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "events/deliveries.h"
#include "events/outbox.h"
#include "http/outgoing.h"
#include "store/store.h"

namespace vestibule::events {

/// How one signed request reaches an application. Blocks; called from several threads.
using Sender = std::function<std::expected<http::OutgoingResponse, http::OutgoingError>(
    const Application&, const http::OutgoingRequest&)>;

/// The real one: one OutgoingClient for each application with its own allowed networks, 10 s in
/// all. `ca_file` holds certificates that are trusted besides the system's, if it is not empty.
/// Throws std::invalid_argument for a malformed range (`config check` names them before).
Sender make_sender(const std::vector<Application>& applications, const std::string& ca_file);

/// Told that an application has acknowledged a merge, in the transaction that deletes the request:
/// the wiring calls guests::Guests::acknowledge.
using OnAcknowledged = std::function<void(store::Transaction&, base::MergeId,
                                          std::string_view application, base::Time)>;

struct DispatcherOptions {
  RetryPolicy retry = {};
  int threads_per_application = 4;
  /// Rows read at once.
  int batch = 64;
};

/// Delivers the outbox: at least once, in order per user and application. Each application has a
/// lane of its own with its own threads, so a slow one delays nobody else. A row is in flight at
/// most once in this process; several processes on one store may both send it, which its
/// `webhook-id` tells the receiver.
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

  /// Starts the lanes; they find what an earlier process left.
  void start();
  /// Ends after the requests that are under way (10 s at most). Idempotent.
  void stop();
  /// Something may be due: called after commits, from any thread; does not block.
  void wake();
  /// Sends on this thread what is due now, row after row, until nothing is. For commands and tests;
  /// not while the lanes run. Returns how many were delivered.
  int deliver_due();

 private:
  class Lane;
  store::Store& store_;
  const base::Clock& clock_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace vestibule::events
