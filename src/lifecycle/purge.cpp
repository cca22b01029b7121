#include "lifecycle/purge.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <latch>
#include <mutex>
#include <span>

#include "accounts/organizations.h"

namespace vestibule::lifecycle {
namespace {

using base::ErrorKind;
using base::fail;

/// Units handed to the writer before their outcome is waited for.
constexpr int units_at_once = 8;
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

/// Deletes one page of candidates in several units, which the writer may commit together.
std::int64_t purge_page(store::Store& store, const PurgeStep& step,
                        std::span<const base::UserId> page, base::Time cutoff, int batch,
                        base::Time now) {
  const auto size = static_cast<std::size_t>(batch);
  std::latch open(static_cast<std::ptrdiff_t>((page.size() + size - 1) / size));
  std::mutex mutex;
  std::int64_t purged = 0;
  std::exception_ptr trouble;
  for (; !page.empty(); page = page.subspan(std::min(size, page.size()))) {
    auto count = std::make_shared<int>(0);
    store.submit({[&step, count, some = page.first(std::min(size, page.size())), cutoff,
                   now](store::Transaction& tx) {
                    *count = step(tx, some, cutoff, now);
                    return store::Outcome::keep;
                  },
                  [&, count](std::exception_ptr error) {
                    {
                      const std::lock_guard lock(mutex);
                      if (error) {
                        trouble = std::move(error);
                      } else {
                        purged += *count;
                      }
                    }
                    open.count_down();
                  }});
  }
  open.wait();
  if (trouble) std::rethrow_exception(trouble);
  return purged;
}

}  // namespace

PurgeStep delete_at_once(const guests::Guests& guests) {
  return
      [&guests](store::Transaction& tx, std::span<const base::UserId> candidates, base::Time cutoff,
                base::Time now) { return guests.purge(tx, candidates, cutoff, now); };
}

base::Result<PurgeReport> run_purge(store::Store& store, const PurgeStep& step,
                                    const PurgeOptions& options, const PurgeProgress& progress,
                                    base::Time now, const std::stop_token& stop) {
  if (options.older_than < base::Milliseconds::zero()) {
    return fail(ErrorKind::invalid, "older_than", "the age of guests to purge is negative");
  }
  PurgeReport report{.cutoff = now - options.older_than};
  base::Result<void> refusal;
  store.read([&](store::Transaction& tx) {
    report.found = guests::Guests::count_purgeable(tx, report.cutoff);
    report.users = guests::Guests::count_users(tx);
    if (options.mode == PurgeMode::dry_run || options.force == PurgeForce::yes) return;
    refusal = check_clock(tx, options, now);
    if (refusal) refusal = check_share(report, options);
  });
  if (options.mode == PurgeMode::dry_run) return report;
  if (!refusal) return std::unexpected(std::move(refusal.error()));

  guests::PurgeCursor cursor;
  const auto page_size = options.batch * units_at_once;
  while (!stop.stop_requested()) {
    const auto page = store.read([&](store::Transaction& tx) {
      return guests::Guests::find_purgeable(tx, report.cutoff, cursor, page_size);
    });
    if (page.empty()) break;
    report.purged += purge_page(store, step, page, report.cutoff, options.batch, now);
    if (progress) progress(report.purged, report.found);
  }
  store.write([&](store::Transaction& tx) {
    accounts::set_meta(tx, last_run_key, base::to_decimal(base::to_milliseconds(now)));
  });
  return report;
}

}  // namespace vestibule::lifecycle
