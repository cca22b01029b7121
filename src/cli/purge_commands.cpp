#include "cli/purge_commands.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "app/config.h"
#include "cli/print.h"

namespace vestibule::cli {
namespace {

namespace json = boost::json;

struct Given {
  std::string older_than;
  std::string client;
  bool dry_run = false;  // CLI11 flags
  bool force = false;

  json::object arguments() const {
    json::object out{{"dry_run", dry_run}, {"force", force}};
    if (!older_than.empty()) out["older_than"] = app::parse_duration(older_than)->count();
    if (!client.empty()) out["client"] = client;
    return out;
  }
};

std::string check_duration(const std::string& value) {
  return app::parse_duration(value) ? "" : "has to be a duration such as 30d, 12h, 10m or 45s";
}

void print_purge(const json::object& report) {
  const auto* const what = report.at("dry_run").as_bool() ? "would be purged" : "purged";
  fmt::print("{} guests {}\n", report.at("purged").as_int64(), what);
  if (report.at("applications").as_array().size() < 2) return;
  print_table(report, "applications", {"client_id", "cutoff", "purged"});
}

}  // namespace

void add_purge_commands(CLI::App& program, const CommandAdder& adder) {
  const auto given = std::make_shared<Given>();
  auto* const purge = adder.command(program, "purge", "delete guests nobody came back for");
  // Decided when its own words have been read, so that `runs` has the last word.
  purge->immediate_callback();
  purge
      ->add_option("--older-than", given->older_than,
                   "such as 30d, whatever the application; default: as configured")
      ->check(check_duration);
  purge->add_option("--client", given->client, "only guests made through this client");
  purge->add_flag("--dry-run", given->dry_run, "only count");
  purge->add_flag("--force", given->force, "also past the limits on share and clock");
  adder.remote(purge, "purge", [given] { return given->arguments(); }, print_purge);

  auto* const runs = adder.command(*purge, "runs", "what the latest runs did");
  runs->immediate_callback(false);
  adder.remote(
      runs, "purge.runs", [] { return json::object{}; },
      [](const json::object& result) {
        print_table(result, "runs",
                    {"started_at", "finished_at", "cutoff", "found", "purged", "outcome"});
      });
}

}  // namespace vestibule::cli
