#include "app/audit_job.h"

#include <spdlog/spdlog.h>

#include <exception>

namespace vestibule::app {

lifecycle::Job audit_job(Core& core) {
  return {"audit", std::chrono::seconds(1), [&core](base::Time now, const std::stop_token& stop) {
            core.refused_attempts.write(*core.store, now);
            core.audit.seal(now, stop);
            core.audit.export_head(now, events::Sealer::Export::at_interval);
          }};
}

void close_audit(Core& core) noexcept {
  try {
    const auto now = core.clock.now();
    core.refused_attempts.write(*core.store, now, events::RefusedAttempts::Which::all);
    core.audit.seal(now);
    core.audit.export_head(now, events::Sealer::Export::now);
  } catch (const std::exception& error) {
    spdlog::error("the audit log was not sealed to its end: {}", error.what());
  }
}

}  // namespace vestibule::app
