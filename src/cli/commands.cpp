#include "cli/commands.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <stdexcept>

#include "app/control.h"
#include "app/log.h"
#include "app/serve.h"
#include "cli/audit_commands.h"
#include "cli/event_commands.h"
#include "cli/merge_commands.h"
#include "cli/print.h"
#include "cli/purge_commands.h"
#include "cli/recovery_commands.h"
#include "cli/user_commands.h"

namespace vestibule::cli {
namespace {

namespace json = boost::json;

constexpr int refused = 1;
constexpr int wrong_words = 2;

/// A mistake in what was given, told on one line.
class Mistake : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What the common flags say, as overrides of the configuration.
struct CommonFlags {
  std::string config_file;
  std::vector<app::Override> overrides;

  void add_to(CLI::App& command) {
    command.add_option("--config", config_file, "TOML file with the configuration")
        ->envname("VESTIBULE_CONFIG");
    add_override(command, "--data", "data", "directory of store, keys and control socket");
    add_override(command, "--store", "store", "sqlite:PATH");
    add_override(command, "--public-url", "public_url",
                 "URL under which browsers find the provider");
  }
  void add_override(CLI::App& command, const std::string& flag, const std::string& key,
                    const std::string& help) {
    command.add_option_function<std::string>(
        flag,
        [this, flag, key](const std::string& value) { overrides.push_back({key, value, flag}); },
        help);
  }
};

/// Loads the configuration or tells every mistake.
std::optional<app::Config> load(const CommonFlags& flags, char** environment) {
  auto overrides = app::overrides_from_environment(environment);
  overrides.insert(overrides.end(), flags.overrides.begin(), flags.overrides.end());
  auto loaded = app::load_config(flags.config_file, overrides);
  for (const auto& mistake : loaded.mistakes) fmt::print(stderr, "{}\n", mistake.to_string());
  if (!loaded.mistakes.empty()) return std::nullopt;
  return std::move(loaded.config);
}

/// One invocation: where it works, and how it speaks.
class Invocation {
 public:
  explicit Invocation(char** environment) : environment_(environment) {}

  CommonFlags flags;
  bool json_output = false;  // a CLI11 flag has to be a bool

  // Runs a command wherever the data is and prints its result.
  int run_command(std::string_view name, const json::object& arguments,
                  const std::function<void(const json::object&)>& print) {
    ProgressBar bar;
    const auto result = run(name, arguments, [&](const json::object& step) { bar.show(step); });
    bar.clear();
    if (!result) return exit_code_;
    show(*result, print);
    // What was looked at is not as it should be.
    const auto* const errors = result->if_contains("errors");
    if (errors != nullptr && errors->is_int64() && errors->as_int64() > 0) exit_code_ = refused;
    if (result->contains("sound") && result->at("sound") == false) exit_code_ = refused;
    return exit_code_;
  }

  // Runs a command and prints what it tells, line by line.
  int run_stream(std::string_view name, const json::object& arguments,
                 const std::function<void(const json::object&)>& print_line) {
    run(name, arguments, [&](const json::object& line) { show(line, print_line); });
    return exit_code_;
  }

  int serve() {
    const auto config = load(flags, environment_);
    if (!config) return wrong_words;
    app::set_up_log(config->log);
    try {
      return app::serve(*config, clock_, random_, [this] { return load(flags, environment_); });
    } catch (const std::invalid_argument& mistake) {
      // What only the parts themselves can judge, such as a rule's pattern.
      fmt::print(stderr, "cannot start: {}\n", mistake.what());
      return wrong_words;
    }
  }

  int check_config() {
    if (!load(flags, environment_)) return wrong_words;
    fmt::print("the configuration is sound\n");
    return 0;
  }

 private:
  std::optional<json::object> run(std::string_view name, const json::object& arguments,
                                  const app::Progress& progress) {
    const auto config = load(flags, environment_);
    exit_code_ = wrong_words;
    if (!config) return std::nullopt;
    app::set_up_log({.level = "warn"});
    auto result = app::run_anywhere(*config, clock_, random_, name, arguments, progress);
    exit_code_ = result ? 0 : refused;
    if (result) return *std::move(result);
    fmt::print(stderr, "{}\n", result.error().message);
    return std::nullopt;
  }

  void show(const json::object& object,
            const std::function<void(const json::object&)>& print) const {
    if (json_output) {
      fmt::print("{}\n", json::serialize(object));
    } else {
      print(object);
    }
    std::fflush(stdout);
  }

  int exit_code_ = 0;
  char** environment_;
  base::SystemClock clock_;
  base::SystemRandom random_;
};

void print_bootstrap(const json::object& made) {
  fmt::print("issuer           {}\n", text(made, "issuer"));
  fmt::print("organization     {}\n", text(made, "organization_id"));
  const auto& admin = made.at("admin").as_object();
  const auto& service = made.at("service_account").as_object();
  const auto& client = made.at("client").as_object();
  fmt::print("administrator    {}\n", text(admin, "login_name"));
  fmt::print("service account  {}\n", text(service, "id"));
  fmt::print("client           {}\n", text(client, "id"));
  if (!admin.contains("pat")) {
    fmt::print("It was made before; secrets are shown once only.\n");
    return;
  }
  fmt::print("\nShown once only:\n");
  fmt::print("administrator's password  {}\n", text(admin, "password"));
  fmt::print("administrator's token     {}\n", text(admin, "pat"));
  fmt::print("service account's token   {}\n", text(service, "pat"));
  if (client.contains("secret")) {
    fmt::print("client's secret           {}\n", text(client, "secret"));
  }
  fmt::print("The service account's private key is in the output of --json.\n");
}

void print_conformance(const json::object& made) {
  fmt::print("\nfor the conformance suite at {}, alias {}\n", text(made, "suite"),
             text(made, "alias"));
  const auto& user = made.at("user").as_object();
  fmt::print("user  {}  {}\n", text(user, "login_name"), text(user, "password"));
  for (const auto& [name, client] : made.at("clients").as_object()) {
    const auto& told = client.as_object();
    fmt::print("{:<58}  {}  {}\n", std::string_view(name), text(told, "client_id"),
               text(told, "client_secret"));
  }
  fmt::print("Keys and certificates are in the output of --json, the first time.\n");
}

/// What the file says. Throws Mistake if it is not one JSON object.
json::object read_object(const std::string& file) {
  std::ifstream input{file};
  const std::string content{std::istreambuf_iterator<char>(input), {}};
  json::error_code malformed;
  auto value = json::parse(content, malformed);
  if (!input || malformed || !value.is_object()) {
    throw Mistake(file + " is not a file with one JSON object");
  }
  return std::move(value.as_object());
}

}  // namespace

int run(int argc, char** argv, char** environment) {
  // Everything that is made here is its owner's: the store, keys, sockets.
  umask(S_IRWXG | S_IRWXO);
  Invocation invocation{environment};
  std::function<int()> chosen;
  CLI::App program{
      "Vestibule: an OpenID Provider that knows guests, and a gateway before your application"};
  program.require_subcommand(1);
  program.set_version_flag("--version", VESTIBULE_VERSION);

  const auto command = [&](CLI::App& parent, const std::string& name, const std::string& help) {
    auto* const added = parent.add_subcommand(name, help);
    invocation.flags.add_to(*added);
    return added;
  };
  const auto remote = [&](CLI::App* added, std::string name,
                          std::function<json::object()> arguments,
                          std::function<void(const json::object&)> print) {
    added->add_flag("--json", invocation.json_output, "print JSON");
    added->callback([&invocation, &chosen, name = std::move(name), arguments = std::move(arguments),
                     print = std::move(print)] {
      chosen = [&invocation, name, arguments, print] {
        return invocation.run_command(name, arguments(), print);
      };
    });
  };

  const auto stream = [&](CLI::App* added, std::string name,
                          std::function<json::object()> arguments,
                          std::function<void(const json::object&)> print_line) {
    added->add_flag("--json", invocation.json_output, "print JSON lines");
    added->callback([&invocation, &chosen, name = std::move(name), arguments = std::move(arguments),
                     print_line = std::move(print_line)] {
      chosen = [&invocation, name, arguments, print_line] {
        return invocation.run_stream(name, arguments(), print_line);
      };
    });
  };

  auto* const serve = command(program, "serve", "run the server");
  invocation.flags.add_override(*serve, "--listen", "listen", "HOST:PORT of the provider");
  serve->callback([&] { chosen = [&] { return invocation.serve(); }; });

  std::vector<std::string> redirect_uris;
  bool public_client = false;  // CLI11 flags
  auto* const bootstrap =
      command(program, "bootstrap", "make an administrator, a service account and a client, once");
  bootstrap->add_option("--redirect-uri", redirect_uris, "redirect URI of the client; repeatable");
  bootstrap->add_flag("--public-client", public_client, "a client without a secret (PKCE)");
  bool conformance = false;
  std::string suite_url;
  std::string suite_alias;
  bootstrap->add_flag("--conformance", conformance,
                      "also a user and clients for the OpenID Foundation's conformance suite");
  bootstrap->add_option("--conformance-url", suite_url, "where the suite runs");
  bootstrap->add_option("--conformance-alias", suite_alias, "the alias of its test plans");
  remote(
      bootstrap, "bootstrap",
      [&] {
        json::object arguments{
            {"redirect_uris", json::array(redirect_uris.begin(), redirect_uris.end())},
            {"public_client", public_client},
            {"conformance", conformance}};
        if (!suite_url.empty()) arguments["conformance_url"] = suite_url;
        if (!suite_alias.empty()) arguments["conformance_alias"] = suite_alias;
        return arguments;
      },
      [](const json::object& made) {
        print_bootstrap(made);
        if (const auto* suite = made.if_contains("conformance")) {
          print_conformance(suite->as_object());
        }
      });

  add_purge_commands(program, {command, remote});

  const auto no_arguments = [] { return json::object{}; };
  auto* const keys = program.add_subcommand("keys", "signing keys")->require_subcommand(1);
  remote(command(*keys, "list", "list the signing keys"), "keys.list", no_arguments,
         [](const json::object& result) {
           print_table(result, "keys", {"kid", "algorithm", "use", "created_at"});
         });
  remote(command(*keys, "rotate", "make the next key the current one"), "keys.rotate", no_arguments,
         [](const json::object& result) {
           print_table(result, "rotations", {"algorithm", "previous", "current", "note"});
         });

  auto* const clients = program.add_subcommand("clients", "OAuth clients")->require_subcommand(1);
  remote(command(*clients, "list", "list the clients"), "clients.list", no_arguments,
         [](const json::object& result) {
           print_table(result, "clients",
                       {"client_id", "name", "auth_method", "registered_by", "redirect_uris"});
         });
  std::string client_name;
  std::string client_id;
  std::string metadata_file;
  bool jwt = false;
  const auto print_client = [](const json::object& result) {
    fmt::print("client id      {}\n", text(result, "client_id"));
    if (result.contains("secret")) fmt::print("client secret  {}\n", text(result, "secret"));
  };
  auto* const add = command(*clients, "add", "register a client");
  add->add_option("--file", metadata_file, "JSON file with its metadata");
  add->add_option("--name", client_name, "a name for people");
  add->add_option("--redirect-uri", redirect_uris, "redirect URI; repeatable");
  add->add_flag("--public-client", public_client, "without a secret (PKCE)");
  add->add_flag("--jwt", jwt, "its access tokens are JWTs");
  remote(
      add, "clients.add",
      [&] {
        json::object metadata{{"grant_types", json::array{"authorization_code", "refresh_token"}}};
        if (!metadata_file.empty()) metadata = read_object(metadata_file);
        if (!client_name.empty()) metadata["client_name"] = client_name;
        if (!redirect_uris.empty()) {
          metadata["redirect_uris"] = json::array(redirect_uris.begin(), redirect_uris.end());
        }
        if (public_client) metadata["token_endpoint_auth_method"] = "none";
        if (jwt) metadata["access_token_format"] = "jwt";
        return json::object{{"metadata", std::move(metadata)}};
      },
      print_client);
  const auto name_client = [&](CLI::App* added) {
    added->add_option("CLIENT_ID", client_id, "the client")->required();
    return added;
  };
  const auto named = [&] { return json::object{{"client_id", client_id}}; };
  remote(name_client(command(*clients, "show", "print a client's metadata")), "clients.show", named,
         [](const json::object& result) {
           for (const auto& [name, value] : result) {
             fmt::print("{:<42}  {}\n", std::string_view(name), text(result, name));
           }
         });
  auto* const update =
      name_client(command(*clients, "update", "replace what is registered of a client"));
  update->add_option("--file", metadata_file, "JSON file with all of its metadata")->required();
  remote(
      update, "clients.update",
      [&] {
        return json::object{{"client_id", client_id}, {"metadata", read_object(metadata_file)}};
      },
      print_client);
  remote(name_client(command(*clients, "delete", "delete a client; its tokens die with it")),
         "clients.delete", named, print_client);

  add_audit_commands(program, {command, remote});
  add_merge_commands(program, {command, remote});
  add_user_commands(program, {command, remote});
  add_recovery_commands(program, {command, remote});
  add_transfer_commands(*program.get_subcommand("users"), {command, remote});
  add_event_commands(program, {command, remote, stream});

  auto* const config = program.add_subcommand("config", "the configuration")->require_subcommand(1);
  command(*config, "check", "name every mistake with file and line")->callback([&] {
    chosen = [&] { return invocation.check_config(); };
  });

  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : wrong_words;
  }
  try {
    return chosen();
  } catch (const Mistake& mistake) {
    fmt::print(stderr, "{}\n", mistake.what());
    return refused;
  }
}

}  // namespace vestibule::cli
