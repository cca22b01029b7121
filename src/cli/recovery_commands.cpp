#include "cli/recovery_commands.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <memory>

#include "cli/print.h"

namespace vestibule::cli {
namespace {

namespace json = boost::json;

struct Given {
  std::string file;
  std::string erasures;
  bool force = false;  // CLI11 flags
  bool dry_run = false;
};

/// A server has another working directory.
std::string absolute(const std::string& path) {
  return path.empty() ? path : std::filesystem::absolute(path).string();
}

void print_backup(const json::object& told) {
  const auto& rows = told.at("rows").as_object();
  fmt::print("{}\n  {} users, {} of them guests; schema {}; {} bytes; made at {}\n",
             text(told, "file"), rows.at("users").as_int64(), rows.at("guests").as_int64(),
             told.at("schema").as_int64(), told.at("bytes").as_int64(), text(told, "created_at"));
}

void print_restored(const json::object& told) {
  print_backup(told);
  fmt::print("restored; everybody is signed out\n");
  if (told.contains("former_store")) {
    fmt::print("  the former store: {}\n", text(told, "former_store"));
  }
  fmt::print("  erased again: {}\n", told.at("erased_again").as_int64());
  for (const auto& warning : told.at("warnings").as_array()) {
    fmt::print("  warning: {}\n", std::string_view(warning.as_string()));
  }
  fmt::print("Nobody is deleted until: vestibule restore release\n");
}

void print_released(const json::object& told) {
  fmt::print("held since {}: {} guests to purge, {} merges to finish\n", text(told, "held_since"),
             told.at("purgeable").as_int64(), told.at("merges").as_int64());
  fmt::print("{}\n", told.at("released").as_bool() ? "released" : "still held");
}

void print_findings(const json::object& told) {
  for (const auto& item : told.at("findings").as_array()) {
    const auto& finding = item.as_object();
    fmt::print("{:<8} {}: {}\n         {}\n", text(finding, "severity"), text(finding, "code"),
               text(finding, "what"), text(finding, "mend"));
  }
  fmt::print("{} errors, {} warnings, {} notes\n", told.at("errors").as_int64(),
             told.at("warnings").as_int64(), told.at("notes").as_int64());
}

void add_backup(CLI::App& program, const CommandAdder& adder) {
  const auto given = std::make_shared<Given>();
  auto* const backup = adder.command(program, "backup", "copy the store, also while it is in use");
  backup->immediate_callback();
  backup->add_option("--to", given->file, "a new file, or a directory to make one in");
  adder.remote(
      backup, "backup", [given] { return json::object{{"to", absolute(given->file)}}; },
      print_backup);

  auto* const verify = adder.command(*backup, "verify", "check a backup against its manifest");
  verify->immediate_callback(false);
  verify->add_option("FILE", given->file, "the backup")->required();
  adder.remote(
      verify, "backup.verify", [given] { return json::object{{"from", absolute(given->file)}}; },
      print_backup);
}

void add_restore(CLI::App& program, const CommandAdder& adder) {
  const auto given = std::make_shared<Given>();
  auto* const restore =
      adder.command(program, "restore", "put a backup in the store's place; no server runs");
  restore->immediate_callback();
  restore->add_option("--from", given->file, "the backup");
  restore->add_option("--erasures", given->erasures,
                      "log of erasures; default: erasures.jsonl in the data directory");
  restore->add_flag("--force", given->force, "also if there is a store, which is kept aside");
  adder.remote(
      restore, "restore",
      [given] {
        return json::object{{"from", absolute(given->file)},
                            {"erasures", absolute(given->erasures)},
                            {"force", given->force}};
      },
      print_restored);

  auto* const release = adder.command(*restore, "release", "let deletions go on after a restore");
  release->immediate_callback(false);
  release->add_flag("--dry-run", given->dry_run, "only tell what is held");
  adder.remote(
      release, "restore.release", [given] { return json::object{{"dry_run", given->dry_run}}; },
      print_released);
}

}  // namespace

void add_recovery_commands(CLI::App& program, const CommandAdder& adder) {
  add_backup(program, adder);
  add_restore(program, adder);
  adder.remote(
      adder.command(program, "doctor", "look for what is wrong, or will be"), "doctor",
      [] { return json::object{}; }, print_findings);
}

void add_transfer_commands(CLI::App& users, const CommandAdder& adder) {
  const auto given = std::make_shared<Given>();
  auto* const out = adder.command(users, "export", "write every person as a line of JSON");
  out->add_option("--to", given->file, "a new file")->required();
  adder.remote(
      out, "users.export", [given] { return json::object{{"to", absolute(given->file)}}; },
      [](const json::object& told) {
        fmt::print("{} users in {}\n", told.at("users").as_int64(), text(told, "file"));
      });

  auto* const in = adder.command(users, "import", "take people from an export");
  in->add_option("--from", given->file, "the export")->required();
  in->add_flag("--dry-run", given->dry_run, "only tell what would happen");
  adder.remote(
      in, "users.import",
      [given] {
        return json::object{{"from", absolute(given->file)}, {"dry_run", given->dry_run}};
      },
      [](const json::object& told) {
        for (const auto& item : told.at("refused").as_array()) {
          const auto& line = item.as_object();
          fmt::print("line {}: {} ({})\n", line.at("line").as_int64(), text(line, "message"),
                     text(line, "reason"));
        }
        fmt::print("{} imported, {} were there already, {} refused\n",
                   told.at("imported").as_int64(), told.at("skipped").as_int64(),
                   told.at("errors").as_int64());
      });
}

}  // namespace vestibule::cli
