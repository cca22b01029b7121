#include "app/purge_commands.h"

#include <boost/json.hpp>

#include "lifecycle/purge_runs.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

// Only a clock that runs backwards or is years off refuses (docs/decisions/0010).
constexpr base::Milliseconds longest_pause = std::chrono::days(400);
// Below so many users the share of them that an operator's run may delete is left to the operator,
// who has looked.
constexpr std::int64_t small_store = 10'000;
constexpr int runs_shown = 1000;

bool is_set(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

base::Result<lifecycle::PurgeOptions> read_options(const Config& config,
                                                   const json::object& arguments) {
  auto options = purge_options(config);
  options.small_store = small_store;
  if (const auto* seconds = arguments.if_contains("older_than")) {
    if (!seconds->is_int64()) {
      return base::fail(base::ErrorKind::invalid, "arguments", "older_than has to be seconds");
    }
    options.older_than = base::Seconds{seconds->as_int64()};
    options.applications.clear();
  }
  if (const auto* client = arguments.if_contains("client")) {
    options.only =
        client->is_string() ? base::parse_id<base::ClientId>(client->as_string()) : std::nullopt;
    if (!options.only) {
      return base::fail(base::ErrorKind::invalid, "arguments", "client has to be a client's id");
    }
  }
  if (is_set(arguments, "dry_run")) options.mode = lifecycle::PurgeMode::dry_run;
  if (is_set(arguments, "force")) options.force = lifecycle::PurgeForce::yes;
  return options;
}

json::value client_id(std::optional<base::ClientId> client) {
  return client ? json::value(base::to_string(*client)) : json::value(nullptr);
}

json::object to_json(const lifecycle::PurgeReport& report, lifecycle::PurgeMode mode) {
  const bool dry_run = mode == lifecycle::PurgeMode::dry_run;
  json::array applications;
  for (const auto& application : report.applications) {
    applications.push_back(
        json::object{{"client_id", client_id(application.client)},
                     {"cutoff", base::to_rfc3339(application.cutoff)},
                     {"found", application.found},
                     {"purged", dry_run ? application.found : application.purged}});
  }
  return {{"dry_run", dry_run},
          {"cutoff", base::to_rfc3339(report.cutoff)},
          {"users", report.users},
          {"found", report.found},
          {"purged", dry_run ? report.found : report.purged},
          {"applications", std::move(applications)}};
}

}  // namespace

lifecycle::PurgeOptions purge_options(const Config& config) {
  lifecycle::PurgeOptions options;
  options.older_than = config.purge.retention;
  for (const auto& application : config.purge.applications) {
    options.applications.push_back(
        {.client = base::parse_id<base::ClientId>(application.client).value(),
         .older_than = application.retention});
  }
  options.max_share = config.purge.max_share;
  options.longest_pause = longest_pause;
  return options;
}

Result run_purge(Core& core, const json::object& arguments, const Progress& progress) {
  const auto options = read_options(core.config, arguments);
  if (!options) return std::unexpected(options.error());
  const auto report = lifecycle::run_purge(
      core.purging(), *options,
      [&](std::int64_t done, std::int64_t total) { progress({{"done", done}, {"total", total}}); });
  if (!report) return std::unexpected(report.error());
  return to_json(*report, options->mode);
}

Result list_purge_runs(Core& core) {
  const auto runs =
      core.store->read([](store::Transaction& tx) { return lifecycle::list_runs(tx, runs_shown); });
  json::array lines;
  for (const auto& run : runs) {
    lines.push_back(
        json::object{{"id", run.id},
                     {"started_at", base::to_rfc3339(run.started_at)},
                     {"finished_at",
                      run.finished_at ? json::value(base::to_rfc3339(*run.finished_at)) : nullptr},
                     {"cutoff", base::to_rfc3339(run.cutoff)},
                     {"found", run.found},
                     {"purged", run.purged},
                     {"outcome", run.outcome}});
  }
  return json::object{{"runs", std::move(lines)}};
}

}  // namespace vestibule::app
