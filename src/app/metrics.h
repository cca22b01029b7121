#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "async/pool.h"
#include "http/observer.h"
#include "store/statistics.h"

namespace vestibule::app {

/// What /metrics shows, in Prometheus's text format. Thread-safe.
class Metrics final : public http::RequestObserver {
 public:
  Metrics();
  ~Metrics() override;

  void request_done(const http::RequestRecord& record) override;
  void connection_opened() override;
  void connection_closed() override;
  void connection_refused() override;

  void set_stalled_merges(int count);
  /// One attempt to tell a client of a session's end, by what came of it.
  void count_logout_notice(std::string_view outcome);
  /// The whole exposition; `store` and the pool's queue are read for it.
  std::string expose(const store::Statistics& store, std::size_t cpu_waiting);

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace vestibule::app
