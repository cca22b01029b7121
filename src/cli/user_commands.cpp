#include "cli/user_commands.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "cli/print.h"

namespace vestibule::cli {
namespace {

namespace json = boost::json;

std::string read_whole(const std::string& path) {
  if (path == "-") return {std::istreambuf_iterator<char>(std::cin), {}};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw CLI::ValidationError(path, "cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

json::object read_claims(const std::string& path) {
  boost::system::error_code malformed;
  auto document = json::parse(read_whole(path), malformed);
  if (malformed || !document.is_object()) throw CLI::ValidationError(path, "is not a JSON object");
  return std::move(document.as_object());
}

/// The first line: an editor ends it with a line feed that is no part of the password.
std::string read_password(const std::string& path) {
  auto text = read_whole(path);
  return text.substr(0, text.find_first_of("\r\n"));
}

/// What the flags of one subcommand say.
struct Given {
  std::string user = {};
  json::object claims = {};
  std::optional<std::string> password = {};

  json::object arguments() const {
    json::object out{{"claims", claims}};
    if (!user.empty()) out["user"] = user;
    if (password) out["password"] = *password;
    return out;
  }
};

/// The flags of `add` and `set`; a flag for one claim comes before the file.
void add_flags(CLI::App& command, const std::shared_ptr<Given>& given) {
  const auto option = [&](const std::string& flag, const std::string& help, auto take) {
    command.add_option_function<std::string>(
        flag, [given, take](const std::string& value) { take(*given, value); }, help);
  };
  option("--claims", "JSON file with standard claims; - reads it from stdin",
         [](Given& into, const std::string& path) {
           for (auto& [name, value] : read_claims(path)) into.claims.emplace(name, value);
         });
  option("--username", "what to sign in with, as preferred_username",
         [](Given& into, const std::string& name) { into.claims["preferred_username"] = name; });
  option("--password-file", "file whose first line is the password; - reads it from stdin",
         [](Given& into, const std::string& path) { into.password = read_password(path); });
}

void print_user(const json::object& user) {
  for (const auto& [name, value] : user) fmt::print("{:<22} {}\n", name, text(user, name));
}

}  // namespace

void add_user_commands(CLI::App& program, const CommandAdder& adder) {
  auto* const users = program.add_subcommand("users", "accounts")->require_subcommand(1);
  const auto arguments_of = [](const std::shared_ptr<Given>& given) {
    return [given] { return given->arguments(); };
  };

  const auto added = std::make_shared<Given>();
  auto* const add = adder.command(*users, "add", "make an account");
  add_flags(*add, added);
  adder.remote(add, "users.add", arguments_of(added), print_user);

  const auto changed = std::make_shared<Given>();
  auto* const set = adder.command(*users, "set", "change an account's claims or password");
  set->add_option("user", changed->user, "its sub, user name or address")->required();
  add_flags(*set, changed);
  adder.remote(set, "users.set", arguments_of(changed), print_user);

  const auto shown = std::make_shared<Given>();
  auto* const show = adder.command(*users, "show", "what is known of a user");
  show->add_option("user", shown->user, "its sub, user name or address")->required();
  adder.remote(show, "users.show", arguments_of(shown), print_user);

  const auto add_role_command = [&](const std::string& name, const std::string& help) {
    const auto given = std::make_shared<std::pair<std::string, std::string>>();
    auto* const command = adder.command(*users, name, help);
    command->add_option("user", given->first, "its sub")->required();
    command->add_option("role", given->second, "such as user_impersonator")->required();
    const auto arguments = [given] {
      return json::object{{"user", given->first}, {"role", given->second}};
    };
    adder.remote(command, "users." + name, arguments, print_user);
  };
  add_role_command("grant", "give a service account a role");
  add_role_command("revoke", "take a role away");
}

}  // namespace vestibule::cli
