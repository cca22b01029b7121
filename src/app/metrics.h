#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "async/pool.h"
#include "http/observer.h"
#include "store/statistics.h"

namespace vestibule::lifecycle {
struct PurgeStatistics;
}

namespace vestibule::app {

/// Of one application.
struct WebhookFigures {
  std::string application;
  double waiting = 0;
  double dead = 0;
  double oldest_seconds = 0;  ///< since the oldest waiting one; 0 without any
  bool circuit_open = false;
};

/// What /metrics shows, in Prometheus's text format. Thread-safe.
class Metrics final : public http::RequestObserver {
 public:
  Metrics();
  ~Metrics() override;

  void request_done(const http::RequestRecord& record) override;
  void connection_opened() override;
  void connection_closed() override;
  void connection_refused() override;

  /// Merges that wait for an application, those past their deadline, and the oldest one's age.
  void set_merges(int open, int stalled, std::chrono::milliseconds oldest);
  /// What the purges of this process have done, which outlives the metrics' use.
  void show_purges(const lifecycle::PurgeStatistics& purges);
  /// How delivery to each application stands.
  void set_webhooks(const WebhookFigures& figures);
  /// One attempt to tell a client of a session's end, by what came of it.
  void count_logout_notice(std::string_view outcome);
  /// The whole exposition; `store` and the pool's queue are read for it.
  std::string expose(const store::Statistics& store, std::size_t cpu_waiting);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace vestibule::app
