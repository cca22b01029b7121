#include "cli/event_commands.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/moment.h"
#include "cli/print.h"

namespace vestibule::cli {
namespace {

namespace json = boost::json;

/// What the flags of one subcommand say.
struct Given {
  std::vector<std::string> ids;
  std::string application;
  std::string state;
  std::string user;
  std::string since;
  std::string until;
  std::int64_t count = 0;
  bool follow = false;  // CLI11 flags
  bool dead = false;
};

std::optional<base::Time> moment_of(const std::string& text) {
  return parse_moment(text, base::SystemClock{}.now());
}

std::string check_moment(const std::string& text) {
  return moment_of(text) ? "" : "has to be like 2h (ago), 2026-11-25 or 2026-11-25T08:00:00Z";
}

void print_line(const json::object& line) {
  if (const auto* missed = line.if_contains("missed")) {
    fmt::print("({} attempts came too fast to be shown)\n", missed->as_int64());
  } else {
    fmt::print("{}  {:<10}  {}  {:<22}  {}  #{}  {}{}{}\n", text(line, "at"), text(line, "id"),
               text(line, "application"), text(line, "type"), text(line, "sub"),
               text(line, "attempt"), text(line, "outcome"), line.contains("detail") ? ": " : "",
               text(line, "detail"));
  }
}

CLI::Option* add_application(CLI::App& command, const std::shared_ptr<Given>& given) {
  return command.add_option("--application", given->application, "only this one's");
}

void put(json::object& arguments, std::string_view name, const std::string& value) {
  if (!value.empty()) arguments[name] = value;
}

void add_list(CLI::App& events, const CommandAdder& adder) {
  const auto given = std::make_shared<Given>();
  given->count = 100;
  auto* const list = adder.command(events, "list", "the newest events, newest first");
  add_application(*list, given);
  list->add_option("--state", given->state, "waiting, dead or delivered")
      ->check(CLI::IsMember({"waiting", "dead", "delivered"}));
  list->add_option("--user", given->user, "the sub that they are about");
  list->add_option("--limit", given->count, "how many; 100")->check(CLI::Range(1, 10'000));
  adder.remote(
      list, "events.list",
      [given] {
        json::object arguments{{"limit", given->count}};
        put(arguments, "application", given->application);
        put(arguments, "state", given->state);
        put(arguments, "user", given->user);
        return arguments;
      },
      [](const json::object& result) {
        print_table(result, "events",
                    {"id", "application", "type", "sub", "state", "attempts", "created_at",
                     "due_at", "delivered_at", "last_error"});
      });
}

void add_tail(CLI::App& events, const CommandAdder& adder) {
  const auto given = std::make_shared<Given>();
  given->count = 10;
  auto* const tail =
      adder.command(events, "tail", "the newest events, and attempts as they happen");
  add_application(*tail, given);
  tail->add_option("-n", given->count, "how many to begin with; 10")->check(CLI::Range(0, 10'000));
  tail->add_flag("--follow", given->follow, "go on with each attempt as it happens");
  adder.stream(
      tail, "events.tail",
      [given] {
        json::object arguments{{"lines", given->count}, {"follow", given->follow}};
        put(arguments, "application", given->application);
        return arguments;
      },
      print_line);
}

void add_replay(CLI::App& events, const CommandAdder& adder) {
  const auto given = std::make_shared<Given>();
  auto* const replay = adder.command(events, "replay", "send dead and delivered events again");
  auto* const what = replay->add_option_group("which")->require_option(1);
  what->add_option("ID", given->ids, "events, such as evt_17");
  auto* const application = add_application(*what, given);
  const auto narrow = [&](CLI::Option* option) { option->needs(application); };
  narrow(replay->add_flag("--dead", given->dead, "only those that were given up"));
  narrow(
      replay->add_option("--since", given->since, "only of events since: 2h (ago), a day, RFC 3339")
          ->check(check_moment));
  narrow(replay->add_option("--until", given->until, "only of events before")->check(check_moment));
  adder.remote(
      replay, "events.replay",
      [given] {
        json::object arguments;
        if (!given->ids.empty()) {
          arguments["ids"] = json::array(given->ids.begin(), given->ids.end());
          return arguments;
        }
        put(arguments, "application", given->application);
        if (given->dead) arguments["state"] = "dead";
        if (!given->since.empty())
          arguments["since"] = base::to_milliseconds(*moment_of(given->since));
        if (!given->until.empty())
          arguments["until"] = base::to_milliseconds(*moment_of(given->until));
        return arguments;
      },
      [](const json::object& result) {
        fmt::print("{} events are sent again\n", result.at("replayed").as_int64());
        if (const auto skipped = result.at("skipped").as_int64(); skipped > 0)
          fmt::print("{} are not: they wait anyway, or are not there any more\n", skipped);
      });
}

void add_status(CLI::App& events, const CommandAdder& adder) {
  adder.remote(
      adder.command(events, "status", "how delivery to each application stands"), "events.status",
      [] { return json::object{}; },
      [](const json::object& result) {
        print_table(result, "applications",
                    {"application", "waiting", "dead", "delivered", "waiting_since", "circuit",
                     "next_probe_at"});
      });
}

}  // namespace

void add_event_commands(CLI::App& program, const CommandAdder& adder) {
  auto* const events =
      program.add_subcommand("events", "what applications are told")->require_subcommand(1);
  add_list(*events, adder);
  add_tail(*events, adder);
  add_replay(*events, adder);
  add_status(*events, adder);
}

}  // namespace vestibule::cli
