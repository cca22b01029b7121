#include "lifecycle/cleanup.h"

#include "accounts/emails.h"
#include "accounts/organizations.h"
#include "base/ids.h"
#include "events/audit.h"
#include "events/delivery_log.h"
#include "guests/idempotency.h"
#include "guests/merge.h"
#include "lifecycle/purge_runs.h"
#include "oauth/used_assertions.h"

namespace vestibule::lifecycle {
namespace {

using store::Transaction;

constexpr std::string_view audit_cursor_key = "lifecycle.audit_addresses";

class Cleanup {
 public:
  Cleanup(store::Store& store, const sessions::Sessions& sessions, sessions::EndedSessions& ended,
          const events::Outbox& outbox, Retention retention, int batch)
      : store_(store),
        sessions_(sessions),
        ended_(ended),
        outbox_(outbox),
        retention_(retention),
        batch_(batch) {}

  void run(base::Time now, const std::stop_token& stop) const {
    const auto ended_before = now - retention_.ended_sessions;
    in_batches(stop, [&](Transaction& tx) {
      return sessions_.delete_expired(tx, now, batch_) == sessions::Sessions::More::yes;
    });
    in_batches(stop, [&](Transaction& tx) {
      return sessions_.forget_ended(tx, ended_before, batch_) == sessions::Sessions::More::yes;
    });
    ended_.remove_before(ended_before);
    in_batches(stop, [&](Transaction& tx) {
      return guests::forget_idempotency_keys(tx, now, batch_) == batch_;
    });
    in_batches(stop, [&](Transaction& tx) {
      return accounts::forget_unproved_claims(tx, now - retention_.unproved_addresses, batch_,
                                              now) == batch_;
    });
    in_batches(stop, [&](Transaction& tx) {
      return accounts::delete_expired_mail(tx, now, batch_) >= batch_;
    });
    in_batches(stop, [&](Transaction& tx) {
      return oauth::delete_expired_assertions(tx, now, batch_) >= batch_;
    });
    in_batches(stop, [&](Transaction& tx) { return forget_addresses(tx, now); });
    for (const auto& application : outbox_.applications()) {
      in_batches(stop, [&](Transaction& tx) {
        return events::forget_delivered(tx, application.name, now - retention_.delivered, batch_) ==
               batch_;
      });
      in_batches(stop, [&](Transaction& tx) {
        return events::forget_dead(tx, application.name, now - retention_.dead_letters, batch_) ==
               batch_;
      });
    }
    in_batches(stop, [&](Transaction& tx) {
      return forget_runs(tx, now - retention_.purge_runs, batch_) == batch_;
    });
    forget_merges(now, stop);
  }

 private:
  /// Runs `step` in units of its own until it says that nothing is left.
  template <class Step>
  void in_batches(const std::stop_token& stop, Step step) const {
    bool more = true;
    while (more && !stop.stop_requested()) {
      more = store_.write([&](Transaction& tx) { return step(tx); });
    }
  }

  bool forget_addresses(Transaction& tx, base::Time now) const {
    const auto text = accounts::find_meta(tx, audit_cursor_key);
    const auto after = text ? base::from_decimal(*text).value_or(0) : 0;
    const auto last = events::forget_addresses(tx, after, now - retention_.audit_addresses, batch_);
    if (last == after) return false;
    accounts::set_meta(tx, audit_cursor_key, base::to_decimal(last));
    return true;
  }

  void forget_merges(base::Time now, const std::stop_token& stop) const {
    while (!stop.stop_requested()) {
      const auto old = store_.read([&](Transaction& tx) {
        return guests::list_old_merges(tx, now - retention_.aliases, batch_);
      });
      if (old.empty()) return;
      store_.write([&](Transaction& tx) { guests::forget_merges(tx, old); });
    }
  }

  store::Store& store_;
  const sessions::Sessions& sessions_;
  sessions::EndedSessions& ended_;
  const events::Outbox& outbox_;
  Retention retention_;
  int batch_;
};

}  // namespace

Job cleanup_job(store::Store& store, const sessions::Sessions& sessions,
                sessions::EndedSessions& ended, const events::Outbox& outbox, Retention retention,
                base::Milliseconds interval, int batch) {
  return {cleanup_job_name, interval,
          [cleanup = Cleanup(store, sessions, ended, outbox, retention, batch)](
              base::Time now, const std::stop_token& stop) { cleanup.run(now, stop); }};
}

}  // namespace vestibule::lifecycle
