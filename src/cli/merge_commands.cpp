#include "cli/merge_commands.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>

#include "cli/print.h"

namespace vestibule::cli {
namespace {

namespace json = boost::json;

/// What the flags of one subcommand say.
struct Given {
  std::string id = {};
  std::string state = {};
  std::string reason = {};
  bool all = false;  // a CLI11 flag
};

void print_merge(const json::object& merge) {
  for (const auto& [name, value] : merge) {
    if (!value.is_array()) fmt::print("{:<14} {}\n", std::string_view(name), text(merge, name));
  }
  fmt::print("\n");
  print_table(merge, "parts",
              {"application", "delivered_at", "acknowledged_at", "attempts", "next_attempt_at",
               "last_error"});
}

void add_list(CLI::App& merges, const CommandAdder& adder) {
  const auto given = std::make_shared<Given>();
  auto* const list = adder.command(merges, "list", "list merges that wait");
  list->add_flag("--all", given->all, "also those that are done or abandoned");
  list->add_option("--state", given->state, "only those that stand so")
      ->check(CLI::IsMember({"requested", "delivered", "stalled", "done", "abandoned"}));
  adder.remote(
      list, "merges.list",
      [given] {
        json::object arguments{{"all", given->all}};
        if (!given->state.empty()) arguments["state"] = given->state;
        return arguments;
      },
      [](const json::object& result) {
        print_table(result, "merges",
                    {"id", "source_sub", "target_sub", "state", "requested_at", "waits_for"});
      });
}

}  // namespace

void add_merge_commands(CLI::App& program, const CommandAdder& adder) {
  auto* const merges =
      program.add_subcommand("merges", "guests on their way into accounts")->require_subcommand(1);
  add_list(*merges, adder);
  const auto add = [&](const std::string& name, const std::string& help) {
    const auto given = std::make_shared<Given>();
    auto* const command = adder.command(*merges, name, help);
    command->add_option("ID", given->id, "the merge")->required();
    const auto arguments = [given] {
      json::object named{{"id", given->id}};
      if (!given->reason.empty()) named["reason"] = given->reason;
      return named;
    };
    adder.remote(command, "merges." + name, arguments, print_merge);
    return std::pair(command, given);
  };
  add("show", "one merge, and how far each application is");
  add("retry", "send its webhooks again now");
  const auto [abandon, given] = add("abandon", "give it up: the guest is not deleted by it");
  abandon->add_option("--reason", given->reason, "kept with the merge")->required();
}

}  // namespace vestibule::cli
