#include "lifecycle/jobs.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace vestibule::lifecycle {

Job purge_job(const PurgeContext& context, PurgeOptions options, base::Milliseconds interval) {
  return {purge_job_name, interval,
          [context, options = std::move(options)](base::Time, const std::stop_token& stop) {
            const auto report = run_purge(context, options, {}, stop);
            if (!report) {
              const bool held = report.error().reason == "deletions_held";
              spdlog::log(held ? spdlog::level::warn : spdlog::level::err, "purge refused: {}",
                          report.error().message);
              return;
            }
            for (const auto& application : report->applications) {
              if (application.purged == 0) continue;
              spdlog::info("purged {} guests of client {} who were last here before {}",
                           application.purged,
                           application.client ? base::to_string(*application.client) : "unknown",
                           base::to_rfc3339(application.cutoff));
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

Job merges_job(store::Store& store,
               std::function<void(const guests::OpenMerges& merges, base::Time now)> report,
               base::Milliseconds interval) {
  return {merges_job_name, interval,
          [&store, report = std::move(report), known = 0](base::Time now,
                                                          const std::stop_token&) mutable {
            const auto merges =
                store.write([&](store::Transaction& tx) { return guests::mark_stalled(tx, now); });
            if (merges.stalled > known) {
              spdlog::error("{} merges are past their deadline and still wait for an application",
                            merges.stalled);
            }
            known = merges.stalled;
            if (report) report(merges, now);
          }};
}

}  // namespace vestibule::lifecycle
