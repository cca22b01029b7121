#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "app/core.h"
#include "app/progress.h"

namespace vestibule::app {

enum class Severity {
  note,     ///< worth knowing
  warning,  ///< will hurt some day
  error,    ///< wrong now
};
std::string_view to_string(Severity severity);

struct Finding {
  Severity severity = Severity::note;
  std::string code;  ///< a stable word for machines
  std::string what;
  std::string mend;
};

/// What is examined.
struct Patient {
  const Config& config;
  base::Time now;
  Core* core = nullptr;  ///< none if the store cannot be opened
};

using Findings = std::vector<Finding>;

// The checks, one function each: doctor_store.cpp, doctor_work.cpp, doctor_files.cpp,
// doctor_config.cpp. Those that need the store are not called without one.
void check_integrity(const Patient& patient, Findings& findings);
void check_orphans(const Patient& patient, Findings& findings);
void check_schema(const Patient& patient, Findings& findings);
void check_clock(const Patient& patient, Findings& findings);
void check_signing_keys(const Patient& patient, Findings& findings);
void check_merges(const Patient& patient, Findings& findings);
void check_delivery(const Patient& patient, Findings& findings);
void check_audit(const Patient& patient, Findings& findings);
void check_erasures(const Patient& patient, Findings& findings);
void check_hold(const Patient& patient, Findings& findings);
void check_permissions(const Patient& patient, Findings& findings);
void check_space(const Patient& patient, Findings& findings);
void check_wal(const Patient& patient, Findings& findings);
void check_urls(const Patient& patient, Findings& findings);
void check_proxies(const Patient& patient, Findings& findings);
void check_openness(const Patient& patient, Findings& findings);

/// Runs every check: {"findings":[{"severity","code","what","mend"}],"errors","warnings","notes"},
/// errors first. On the open store of a server or of the command.
base::Result<boost::json::object> run_doctor(Core& core);
/// What can be said where the store cannot be opened: why, files, configuration.
boost::json::object examine_unopened(const Config& config, base::Time now, const base::Error& why);

}  // namespace vestibule::app
