#include "lifecycle/purge.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "accounts/organizations.h"
#include "guests/hold.h"
#include "guests/purge.h"
#include "lifecycle/purge_page.h"
#include "lifecycle/purge_runs.h"

namespace vestibule::lifecycle {
namespace {

using base::ErrorKind;
using base::fail;

/// Units handed to the writer at once: enough to share a commit, few enough that somebody else's
/// unit stands behind a few milliseconds of them only.
constexpr int units_at_once = 4;
/// Clocks of servers are set back by so much without anything being wrong.
constexpr base::Milliseconds clock_tolerance{60'000};
constexpr std::string_view last_run_key = "lifecycle.last_purge";

base::Result<void> check_clock(store::Transaction& tx, const PurgeOptions& options,
                               base::Time now) {
  const auto text = accounts::find_meta(tx, last_run_key);
  if (!text) return {};
  const auto last = base::from_milliseconds(base::from_decimal(*text).value_or(0));
  if (now + clock_tolerance >= last && now - last <= options.longest_pause) return {};
  return fail(ErrorKind::conflict, "clock_jumped",
              fmt::format("the last purge ran at {} and the clock says {}; if that is right, force "
                          "one run",
                          base::to_rfc3339(last), base::to_rfc3339(now)));
}

base::Result<void> check_share(const PurgeReport& report, const PurgeOptions& options) {
  const auto allowed = options.max_share * static_cast<double>(report.users);
  if (report.users <= options.small_store || static_cast<double>(report.found) <= allowed) {
    return {};
  }
  return fail(ErrorKind::conflict, "share_exceeded",
              fmt::format("the purge would delete {} of {} users, more than the allowed share of "
                          "{}; if that is right, force it",
                          report.found, report.users, options.max_share));
}

bool is_negative(const PurgeOptions& options) {
  return options.older_than < base::Milliseconds::zero() ||
         std::ranges::any_of(
             options.applications,
             [](const ApplicationRetention& application) {
               return application.older_than < base::Milliseconds::zero();
             });
}

base::Milliseconds retention_of(const PurgeOptions& options, std::optional<base::ClientId> client) {
  for (const auto& application : options.applications) {
    if (application.client == client) return application.older_than;
  }
  return options.older_than;
}

/// What there is to do at `now`, by application.
PurgeReport survey(store::Transaction& tx, const PurgeOptions& options, base::Time now) {
  PurgeReport report{.cutoff = now - options.older_than, .users = guests::count_users(tx)};
  for (const auto& client : guests::list_guest_clients(tx)) {
    if (options.only && options.only != client) continue;
    ApplicationReport application{.client = client, .cutoff = now - retention_of(options, client)};
    application.found = guests::count_purgeable(tx, {client, application.cutoff});
    report.found += application.found;
    report.applications.push_back(application);
  }
  return report;
}

/// Deletes what a survey has found.
class Run {
 public:
  Run(const PurgeContext& context, const PurgeOptions& options, const PurgeProgress& progress,
      std::stop_token stop, PurgeReport& report)
      : context_(context),
        options_(options),
        progress_(progress),
        stop_(std::move(stop)),
        report_(report) {}

  void work(std::int64_t run) {
    for (auto& application : report_.applications) purge(application, run);
    const auto now = context_.clock.now();
    context_.store.write([&](store::Transaction& tx) {
      finish_run(tx, run, stop_.stop_requested() ? outcome::stopped : outcome::done, now);
      accounts::set_meta(tx, last_run_key, base::to_decimal(base::to_milliseconds(now)));
    });
  }

 private:
  /// While the writer deletes one page, the next one is read.
  void purge(ApplicationReport& application, std::int64_t run) {
    guests::PurgeCursor cursor;
    std::unique_ptr<PurgePage> under_way;
    while (!stop_.stop_requested()) {
      auto candidates = context_.store.read([&](store::Transaction& tx) {
        return guests::find_purgeable(tx, {application.client, application.cutoff}, cursor,
                                      options_.batch * units_at_once);
      });
      if (under_way) settle(*under_way, application);
      under_way.reset();
      if (candidates.empty() || stop_.stop_requested()) return;
      under_way = std::make_unique<PurgePage>(context_, run, std::move(candidates),
                                              application.cutoff, options_.batch);
    }
    if (under_way) settle(*under_way, application);
  }

  void settle(PurgePage& page, ApplicationReport& application) {
    const auto purged = page.wait();
    application.purged += purged;
    report_.purged += purged;
    if (progress_) progress_(report_.purged, report_.found);
  }

  const PurgeContext& context_;
  const PurgeOptions& options_;
  const PurgeProgress& progress_;
  std::stop_token stop_;
  PurgeReport& report_;
};

void note_refusal(const PurgeContext& context, PurgeRun run, const base::Error& error) {
  run.outcome = fmt::format("{}{}", outcome::refused, error.reason);
  run.finished_at = run.started_at;
  context.store.write([&](store::Transaction& tx) { insert_run(tx, run); });
  ++context.statistics.refused;
}

}  // namespace

PurgeStep delete_at_once(const guests::Guests& guests) {
  return
      [&guests](store::Transaction& tx, std::span<const base::UserId> candidates, base::Time cutoff,
                base::Time now) { return guests.purge(tx, candidates, cutoff, now); };
}

base::Result<PurgeReport> run_purge(const PurgeContext& context, const PurgeOptions& options,
                                    const PurgeProgress& progress, const std::stop_token& stop) {
  if (is_negative(options)) {
    return fail(ErrorKind::invalid, "older_than", "the age of guests to purge is negative");
  }
  const auto now = context.clock.now();
  PurgeReport report;
  base::Result<void> refusal;
  context.store.read([&](store::Transaction& tx) {
    report = survey(tx, options, now);
    if (options.mode == PurgeMode::dry_run) return;
    refusal = guests::require_not_held(tx);
    if (!refusal || options.force == PurgeForce::yes) return;
    refusal = check_clock(tx, options, now);
    if (refusal) refusal = check_share(report, options);
  });
  if (options.mode == PurgeMode::dry_run) return report;

  PurgeRun run{.started_at = now,
               .cutoff = report.cutoff,
               .found = report.found,
               .outcome = std::string(outcome::running)};
  if (!refusal) {
    note_refusal(context, std::move(run), refusal.error());
    return std::unexpected(std::move(refusal.error()));
  }
  run.id = context.store.write([&](store::Transaction& tx) { return insert_run(tx, run); });
  try {
    Run(context, options, progress, stop, report).work(run.id);
  } catch (...) {
    // If not even this can be written, the next start finds the run interrupted.
    context.store.submit({[id = run.id, now = context.clock.now()](store::Transaction& tx) {
                            finish_run(tx, id, outcome::failed, now);
                            return store::Outcome::keep;
                          },
                          [](const std::exception_ptr&) {}});
    throw;
  }
  context.statistics.last_run = base::to_milliseconds(context.clock.now());
  return report;
}

}  // namespace vestibule::lifecycle
