#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace vestibule::cli {

/// How a family of commands is added to the program (commands.cpp has the one way).
struct CommandAdder {
  /// A subcommand with the flags that all have.
  std::function<CLI::App*(CLI::App& parent, const std::string& name, const std::string& help)>
      command;
  /// Makes a subcommand run that one of app/commands.h wherever the data is, and print its result.
  std::function<void(CLI::App* added, std::string name,
                     std::function<boost::json::object()> arguments,
                     std::function<void(const boost::json::object&)> print)>
      remote;
  /// The same for a command that tells as it goes: prints each line of progress, and no result.
  std::function<void(CLI::App* added, std::string name,
                     std::function<boost::json::object()> arguments,
                     std::function<void(const boost::json::object&)> print_line)>
      stream = {};
};

/// `users add`, `users set`, `users show`, `users grant`, `users revoke`.
void add_user_commands(CLI::App& program, const CommandAdder& adder);

}  // namespace vestibule::cli
