#include "app/doctor.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

namespace vestibule::app {
namespace {

namespace json = boost::json;

enum class Needs { nothing, store };

struct Check {
  void (*run)(const Patient&, Findings&);
  Needs needs = Needs::store;
};

constexpr Check checks[] = {
    {check_integrity},
    {check_orphans},
    {check_schema},
    {check_clock},
    {check_hold},
    {check_erasures},
    {check_signing_keys},
    {check_merges},
    {check_delivery},
    {check_audit},
    {check_wal, Needs::nothing},
    {check_space, Needs::nothing},
    {check_permissions, Needs::nothing},
    {check_urls, Needs::nothing},
    {check_proxies, Needs::nothing},
    {check_openness, Needs::nothing},
};

/// A check that cannot be done is a finding, and no reason to leave the others out.
void examine(const Patient& patient, Findings& findings) {
  for (const auto& check : checks) {
    if (check.needs == Needs::store && patient.core == nullptr) continue;
    try {
      check.run(patient, findings);
    } catch (const std::exception& error) {
      findings.push_back(
          {Severity::error, "check_failed", error.what(), "the log of the server may say more"});
    }
  }
}

/// Errors first; within one severity as the checks found them.
json::object to_json(const Findings& findings) {
  json::object out;
  json::array lines;
  for (const auto& [severity, sum] :
       {std::pair{Severity::error, "errors"}, std::pair{Severity::warning, "warnings"},
        std::pair{Severity::note, "notes"}}) {
    out[sum] = std::ranges::count(findings, severity, &Finding::severity);
    for (const auto& finding : findings) {
      if (finding.severity != severity) continue;
      lines.push_back(json::object{{"severity", to_string(severity)},
                                   {"code", finding.code},
                                   {"what", finding.what},
                                   {"mend", finding.mend}});
    }
  }
  out["findings"] = std::move(lines);
  return out;
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      break;
  }
  return "error";
}

base::Result<json::object> run_doctor(Core& core) {
  Findings findings;
  examine({core.config, core.clock.now(), &core}, findings);
  return to_json(findings);
}

json::object examine_unopened(const Config& config, base::Time now, const base::Error& why) {
  Findings findings{{Severity::error, "store_unusable", why.message,
                     "mend what it says; if the database is damaged, restore a backup"}};
  examine({config, now}, findings);
  return to_json(findings);
}

}  // namespace vestibule::app
