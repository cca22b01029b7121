#include <fmt/format.h>

#include "accounts/organizations.h"
#include "app/doctor.h"
#include "recovery/orphans.h"
#include "store/backup.h"
#include "store/migrations.h"

namespace vestibule::app {
namespace {

constexpr base::Milliseconds clock_tolerance{60'000};
constexpr std::string_view last_purge_key = "lifecycle.last_purge";

const store::Statement last_audit{"doctor.last_audit",
                                  "select at from audit where id = (select max(id) from audit)"};
const store::Statement last_user{"doctor.last_user", "select max(created_at) from users"};

void compare_clock(std::string_view what, base::Time then, base::Time now, Findings& findings) {
  if (then <= now + clock_tolerance) return;
  findings.push_back({Severity::error, "clock_behind",
                      fmt::format("{} is of {} and the clock says {}", what, base::to_rfc3339(then),
                                  base::to_rfc3339(now)),
                      "set the clock (a time service), then look at purge and token lifetimes"});
}

}  // namespace

void check_integrity(const Patient& patient, Findings& findings) {
  const auto damage =
      patient.core->store->read([](store::Transaction& tx) { return store::check_integrity(tx); });
  for (const auto& line : damage) {
    findings.push_back({Severity::error, "database_damaged", line,
                        "stop the server, keep a copy of the files, restore a backup"});
  }
}

void check_orphans(const Patient& patient, Findings& findings) {
  const auto orphans =
      patient.core->store->read([](store::Transaction& tx) { return recovery::find_orphans(tx); });
  for (const auto& kind : orphans) {
    findings.push_back({Severity::error, std::string(kind.code),
                        fmt::format("{} {} (the first: {})", kind.count, kind.what, kind.example),
                        "no transaction leaves such rows: somebody wrote to the database, or it "
                        "is a defect to report"});
  }
}

void check_schema(const Patient& patient, Findings& findings) {
  const auto version =
      patient.core->store->read([](store::Transaction& tx) { return store::schema_version(tx); });
  const auto known = store::migrations().back().version;
  if (version == known) return;
  findings.push_back({Severity::error, "schema",
                      fmt::format("the schema is version {}, this program's is {}", version, known),
                      "run the program that belongs to the store"});
}

void check_clock(const Patient& patient, Findings& findings) {
  patient.core->store->read([&](store::Transaction& tx) {
    if (auto rows = tx.query(last_audit); rows.next()) {
      compare_clock("the last line of the audit log", rows.time(0), patient.now, findings);
    }
    if (auto rows = tx.query(last_user); rows.next() && !rows.is_null(0)) {
      compare_clock("the newest user", rows.time(0), patient.now, findings);
    }
    const auto purge = accounts::find_meta(tx, last_purge_key);
    if (const auto then = purge ? base::from_decimal(*purge) : std::nullopt) {
      compare_clock("the last purge", base::from_milliseconds(*then), patient.now, findings);
    }
  });
}

}  // namespace vestibule::app
