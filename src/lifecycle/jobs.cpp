#include "lifecycle/jobs.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace vestibule::lifecycle {

Job purge_job(store::Store& store, PurgeStep step, PurgeOptions options,
              base::Milliseconds interval) {
  return {purge_job_name, interval,
          [&store, step = std::move(step), options](base::Time now, const std::stop_token& stop) {
            const auto report = run_purge(store, step, options, {}, now, stop);
            if (!report) {
              spdlog::error("purge refused: {}", report.error().message);
            } else if (report->purged > 0) {
              spdlog::info("purged {} guests who were last here before {}", report->purged,
                           base::to_rfc3339(report->cutoff));
            }
          }};
}

Job mail_job(accounts::Mailer& mailer, base::Milliseconds interval) {
  return {mail_job_name, interval,
          [&mailer](base::Time, const std::stop_token& stop) { mailer.send_due(stop); }};
}

Job rotation_job(std::function<void(base::Time now)> rotate_if_due, base::Milliseconds interval) {
  return {
      rotation_job_name, interval,
      [rotate = std::move(rotate_if_due)](base::Time now, const std::stop_token&) { rotate(now); }};
}

Job merges_job(store::Store& store, std::function<void(int stalled)> on_stalled,
               base::Milliseconds interval) {
  return {merges_job_name, interval,
          [&store, report = std::move(on_stalled), known = 0](base::Time now,
                                                              const std::stop_token&) mutable {
            const int stalled =
                store.write([&](store::Transaction& tx) { return guests::mark_stalled(tx, now); });
            if (stalled > known) {
              spdlog::error("{} merges are past their deadline and still wait for an application",
                            stalled);
            }
            known = stalled;
            if (report) report(stalled);
          }};
}

}  // namespace vestibule::lifecycle
