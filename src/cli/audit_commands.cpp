#include "cli/audit_commands.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "cli/moment.h"
#include "cli/print.h"

namespace vestibule::cli {
namespace {

namespace json = boost::json;

/// A head as it is given: the file that holds it, or itself.
std::string read_head(const std::string& given) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(given, unknown)) return given;
  std::ifstream file{given};
  std::string line;
  return std::getline(file, line) ? line : given;
}

std::optional<base::Time> moment_of(const std::string& text) {
  return parse_moment(text, base::SystemClock{}.now());
}

void print_restoration(const json::object& restoration) {
  fmt::print(
      "the store was restored on {} from a copy that ended with seal {}; seals up to {} were "
      "lost with what it replaced\n",
      text(restoration, "at"), text(restoration, "restored_sequence"),
      text(restoration, "lost_head"));
}

void print_verification(const json::object& found) {
  for (const auto& finding : found.at("findings").as_array()) {
    fmt::print("{}: {}\n", text(finding.as_object(), "flaw"), text(finding.as_object(), "message"));
  }
  for (const auto& restoration : found.at("restorations").as_array()) {
    print_restoration(restoration.as_object());
  }
  fmt::print(
      "{} lines in {} seals looked at, {} of them with something forgotten, {} not yet "
      "sealed\n",
      text(found, "lines"), text(found, "seals"), text(found, "forgotten"),
      text(found, "unsealed"));
  if (!found.contains("compared_with")) {
    fmt::print("no head was exported to compare with: a cut end cannot be seen\n");
  }
  if (found.at("sound").as_bool()) {
    fmt::print("the audit log is sound\nhead {}\n", text(found, "head"));
  } else {
    fmt::print("the audit log has {} flaws\n", text(found, "flaws"));
  }
}

void add_list(CLI::App& audit, const CommandAdder& adder) {
  struct Given {
    std::string user = {};
    std::string type = {};
    std::string since = {};
    std::int64_t limit = 100;
  };
  const auto given = std::make_shared<Given>();
  auto* const list = adder.command(audit, "list", "print the newest lines");
  list->add_option("--user", given->user, "only lines about this sub");
  list->add_option("--type", given->type, "only lines of this type");
  list->add_option("--since", given->since, "2h, 3d, 2026-11-25 or 2026-11-25T08:00:00Z")
      ->check([](const std::string& moment) {
        return moment_of(moment) ? "" : "has to be like 2h (ago), 2026-11-25 or RFC 3339 in UTC";
      });
  list->add_option("--limit", given->limit, "at most so many (100)")->check(CLI::Range(1, 10'000));
  const auto arguments = [given] {
    json::object named{{"limit", given->limit}};
    if (!given->user.empty()) named["user"] = given->user;
    if (!given->type.empty()) named["type"] = given->type;
    if (const auto since = moment_of(given->since)) {
      named["since"] = base::to_milliseconds(*since);
    }
    return named;
  };
  adder.remote(list, "audit.list", arguments, [](const json::object& result) {
    print_table(result, "lines",
                {"id", "at", "type", "user", "actor", "client", "outcome", "address", "detail"});
  });
}

}  // namespace

void add_audit_commands(CLI::App& program, const CommandAdder& adder) {
  auto* const audit =
      program.add_subcommand("audit", "who did what to whom")->require_subcommand(1);

  const auto head = std::make_shared<std::string>();
  auto* const verify = adder.command(*audit, "verify", "look whether the log is as it was written");
  verify->add_option("--head", *head, "a head, or a file with one, instead of DIR/audit-head");
  const auto arguments = [head] {
    json::object named;
    if (!head->empty()) named["head"] = read_head(*head);
    return named;
  };
  adder.remote(verify, "audit.verify", arguments, print_verification);

  adder.remote(
      adder.command(*audit, "head", "seal what is new and print where the log ends"), "audit.head",
      [] { return json::object{}; },
      [](const json::object& result) { fmt::print("{}\n", text(result, "head")); });

  add_list(*audit, adder);
}

}  // namespace vestibule::cli
