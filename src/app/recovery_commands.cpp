#include "app/recovery_commands.h"

#include <algorithm>
#include <boost/json.hpp>
#include <limits>

#include "app/purge_commands.h"
#include "events/audit.h"
#include "guests/hold.h"
#include "guests/merge_parts.h"
#include "recovery/erasure_log.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

constexpr base::Milliseconds export_interval{1000};

bool is_set(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

/// Open merges for which nobody is waited any more.
std::vector<base::MergeId> list_acknowledged(store::Transaction& tx) {
  std::vector<base::MergeId> found;
  for (const auto& merge : guests::list_open_merges(tx, {}, std::numeric_limits<int>::max())) {
    const auto parts = guests::list_parts(tx, merge.id);
    if (std::ranges::all_of(parts,
                            [](const auto& part) { return part.acknowledged_at.has_value(); })) {
      found.push_back(merge.id);
    }
  }
  return found;
}

std::int64_t count_purgeable(Core& core) {
  auto options = purge_options(core.config);
  options.mode = lifecycle::PurgeMode::dry_run;
  const auto report = lifecycle::run_purge(core.purging(), options, {});
  return report ? report->found : 0;
}

}  // namespace

std::filesystem::path audit_head_file(const Config& config) {
  return std::filesystem::path(config.data) / "audit-head";
}

json::object describe_backup(const recovery::Backup& backup) {
  auto told = json::parse(backup.manifest.to_json()).as_object();
  told["file"] = backup.file.string();
  return told;
}

Result run_backup(Core& core, const json::object& arguments, const Progress& progress) {
  const auto* to = arguments.if_contains("to");
  if (to == nullptr || !to->is_string() || to->as_string().empty()) {
    return base::fail(base::ErrorKind::invalid, "arguments", "--to says where the backup goes",
                      "to");
  }
  const auto master = keys::MasterKey::load(core.config.master_key_file);
  if (!master) return std::unexpected(master.error());
  const recovery::BackupRequest request{
      .database = core.config.store.substr(std::string_view("sqlite:").size()),
      .to = std::string(to->as_string()),
      .program = VESTIBULE_VERSION};
  const auto made = recovery::write_backup(
      request, *master, core.random, core.clock.now(),
      [&](std::int64_t done, std::int64_t total) { progress({{"done", done}, {"total", total}}); });
  if (!made) return std::unexpected(made.error());
  return describe_backup(*made);
}

Result release_held(Core& core, const json::object& arguments) {
  const auto since = core.store->read(guests::held_since);
  if (!since) {
    return base::fail(base::ErrorKind::conflict, "nothing_held", "no deletions are held");
  }
  json::object told{{"held_since", base::to_rfc3339(*since)},
                    {"purgeable", count_purgeable(core)},
                    {"merges", core.store->read(list_acknowledged).size()},
                    {"released", !is_set(arguments, "dry_run")}};
  if (is_set(arguments, "dry_run")) return told;
  const auto now = core.clock.now();
  const auto done = core.store->write([&](store::Transaction& tx) -> base::Result<int> {
    guests::release_deletions(tx);
    events::record(tx, {.type = "store.released", .user = events::nobody}, now);
    int finished = 0;
    for (const auto merge : list_acknowledged(tx)) {
      if (auto ended = core.guests.acknowledge(tx, merge, {}, now); !ended) {
        return std::unexpected(ended.error());
      }
      ++finished;
    }
    return finished;
  });
  if (!done) return std::unexpected(done.error());
  told["merges"] = *done;
  return told;
}

lifecycle::Job erasures_job(Core& core) {
  return {"erasure log", export_interval,
          [&core, log = recovery::erasure_log_of(core.config.data)](base::Time,
                                                                    const std::stop_token& stop) {
            recovery::export_erasures(*core.store, log, stop);
          }};
}

}  // namespace vestibule::app
