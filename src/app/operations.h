#pragma once

#include <exception>
#include <string>

#include "app/metrics.h"
#include "async/pool.h"
#include "base/secret.h"
#include "http/router.h"
#include "store/store.h"

namespace vestibule::app {

/// `/healthz` (the process answers), `/readyz` (it can do its work) and `/metrics`.
class Operations {
 public:
  Operations(store::Store& store, Metrics& metrics, async::CpuPool& cpu)
      : store_(store), metrics_(metrics), cpu_(cpu) {}

  void add_routes(http::Router& router) const;
  /// Without metrics, for the origin that strangers see.
  void add_health_routes(http::Router& router) const;

 private:
  store::Store& store_;
  Metrics& metrics_;
  async::CpuPool& cpu_;
};

/// What an exception that left a handler means: a lost store or a full pool is 503.
http::ProblemKind classify_exception(std::exception_ptr exception);

/// The first line of a file that holds a secret. Throws std::invalid_argument naming the file.
base::Secret read_secret_file(const std::string& file);

}  // namespace vestibule::app
