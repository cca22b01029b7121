#include <fmt/format.h>

#include <algorithm>

#include "app/doctor.h"
#include "guests/erasures.h"
#include "guests/hold.h"

namespace vestibule::app {
namespace {

constexpr base::Milliseconds erasures_wait{60'000};
constexpr base::Milliseconds seals_wait{600'000};

const store::Statement stalled{"doctor.stalled_merges",
                               "select count(*), min(requested_at) from merges where state = 2"};
const store::Statement rows_by_application{
    "doctor.outbox",
    "select application, count(*), count(case when state = 1 then 1 end) from outbox "
    "group by application order by application"};
const store::Statement oldest_unsealed{"doctor.oldest_unsealed",
                                       "select count(*), min(at) from audit where id > "
                                       "(select coalesce(max(last_id), 0) from audit_seals)"};

}  // namespace

void check_signing_keys(const Patient& patient, Findings& findings) {
  const auto ring = patient.core->ring.ring();
  const auto has = [&](jose::Algorithm algorithm, keys::UseState state) {
    return std::ranges::any_of(ring->keys(), [&](const auto& key) {
      return key.algorithm == algorithm && key.state == state;
    });
  };
  for (const auto& key : ring->keys()) {
    if (key.state == keys::UseState::current && !has(key.algorithm, keys::UseState::next)) {
      findings.push_back({Severity::error, "next_key_missing",
                          fmt::format("there is no next {} key", jose::to_string(key.algorithm)),
                          "vestibule keys rotate"});
    }
    const auto due =
        key.created_at + 2 * patient.config.keys.rotation + 2 * patient.config.keys.publish_ahead;
    if (key.state == keys::UseState::current && due < patient.now) {
      findings.push_back({Severity::warning, "key_rotation_late",
                          fmt::format("the {} key {} is of {}", jose::to_string(key.algorithm),
                                      key.kid, base::to_rfc3339(key.created_at)),
                          "run a server with the role keeper, or: vestibule keys rotate"});
    }
  }
}

void check_merges(const Patient& patient, Findings& findings) {
  patient.core->store->read([&](store::Transaction& tx) {
    auto rows = tx.query(stalled);
    if (!rows.next() || rows.integer(0) == 0) return;
    findings.push_back({Severity::warning, "merges_stalled",
                        fmt::format("{} merges are past their deadline, the oldest requested at {}",
                                    rows.integer(0), base::to_rfc3339(rows.time(1))),
                        "vestibule merges list; make the application answer, then retry"});
  });
}

void check_delivery(const Patient& patient, Findings& findings) {
  patient.core->store->read([&](store::Transaction& tx) {
    auto rows = tx.query(rows_by_application);
    while (rows.next()) {
      if (patient.core->outbox.find(rows.text(0)) == nullptr) {
        findings.push_back({Severity::warning, "unknown_application",
                            fmt::format("{} events are for {}, which is not configured",
                                        rows.integer(1), rows.text(0)),
                            "configure it again, or start the server, which forgets them"});
      } else if (rows.integer(2) > 0) {
        findings.push_back(
            {Severity::warning, "dead_letters",
             fmt::format("{} events for {} were given up", rows.integer(2), rows.text(0)),
             "vestibule events list --state dead; then events replay"});
      }
    }
  });
}

void check_audit(const Patient& patient, Findings& findings) {
  patient.core->store->read([&](store::Transaction& tx) {
    auto rows = tx.query(oldest_unsealed);
    if (!rows.next() || rows.integer(0) == 0 || rows.time(1) + seals_wait > patient.now) return;
    findings.push_back({Severity::warning, "audit_not_sealed",
                        fmt::format("{} lines of the audit log are not sealed, the oldest of {}",
                                    rows.integer(0), base::to_rfc3339(rows.time(1))),
                        "run a server with the role keeper"});
  });
}

void check_erasures(const Patient& patient, Findings& findings) {
  const auto waiting =
      patient.core->store->read([](store::Transaction& tx) { return guests::count_erasures(tx); });
  if (waiting.count == 0 || *waiting.oldest + erasures_wait > patient.now) return;
  findings.push_back({Severity::warning, "erasures_not_exported",
                      fmt::format("{} erasures are not in erasures.jsonl, the oldest of {}",
                                  waiting.count, base::to_rfc3339(*waiting.oldest)),
                      "run a server with the role keeper; see its log if one runs"});
}

void check_hold(const Patient& patient, Findings& findings) {
  const auto since =
      patient.core->store->read([](store::Transaction& tx) { return guests::held_since(tx); });
  if (!since) return;
  findings.push_back({Severity::warning, "deletions_held",
                      fmt::format("a backup was restored at {}; nobody is deleted since",
                                  base::to_rfc3339(*since)),
                      "when all is well: vestibule restore release"});
}

}  // namespace vestibule::app
