#include "app/commands.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "app/audit_commands.h"
#include "app/client_commands.h"
#include "app/command_audit.h"
#include "app/config.h"
#include "app/conformance.h"
#include "app/doctor.h"
#include "app/event_commands.h"
#include "app/installation.h"
#include "app/merge_commands.h"
#include "app/purge_commands.h"
#include "app/recovery_commands.h"
#include "app/role_commands.h"
#include "app/user_commands.h"
#include "app/user_transfer.h"
#include "keys/key_ring.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

bool is_set(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

base::Result<std::vector<std::string>> strings(const json::object& arguments,
                                               std::string_view name) {
  std::vector<std::string> out;
  const auto* list = arguments.if_contains(name);
  if (list == nullptr) return out;
  if (!list->is_array()) {
    return base::fail(base::ErrorKind::invalid, "arguments", "has to be a list", std::string(name));
  }
  for (const auto& item : list->as_array()) {
    if (!item.is_string()) {
      return base::fail(base::ErrorKind::invalid, "arguments", "has to be a list of strings",
                        std::string(name));
    }
    out.emplace_back(item.as_string());
  }
  return out;
}

base::Result<std::vector<std::string>> redirect_uris(const json::object& arguments) {
  auto uris = strings(arguments, "redirect_uris");
  if (!uris) return uris;
  for (const auto& uri : *uris) {
    const auto scheme = uri.find("://");
    // RFC 6749 section 3.1.2: absolute, without a fragment.
    if (scheme == std::string::npos || scheme == 0 || uri.find('#') != std::string::npos) {
      return base::fail(base::ErrorKind::invalid, "redirect_uri",
                        "'" + uri + "' is not an absolute URI without a fragment");
    }
  }
  return uris;
}

/// The suite's place, if `--conformance` was given.
base::Result<std::optional<ConformanceOptions>> conformance_options(const json::object& arguments) {
  if (!is_set(arguments, "conformance")) return std::nullopt;
  ConformanceOptions options;
  const auto take = [&](std::string_view name, std::string& into) {
    if (const auto* given = arguments.if_contains(name); given && given->is_string()) {
      into = std::string(given->as_string());
    }
  };
  take("conformance_url", options.suite_url);
  take("conformance_alias", options.alias);
  while (options.suite_url.ends_with('/')) options.suite_url.pop_back();
  const auto refuse = [](std::string what) {
    return base::fail(base::ErrorKind::invalid, "arguments", std::move(what));
  };
  if (!parse_url(options.suite_url)) {
    return refuse("'" + options.suite_url + "' is not an absolute http or https URL");
  }
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  if (options.alias.empty() || options.alias.find_first_not_of(letters) != std::string::npos) {
    return refuse("the alias '" + options.alias + "' has to be of letters, digits, - and _");
  }
  return options;
}

Result run_bootstrap(Core& core, const json::object& arguments) {
  auto uris = redirect_uris(arguments);
  if (!uris) return std::unexpected(uris.error());
  const auto conformance = conformance_options(arguments);
  if (!conformance) return std::unexpected(conformance.error());
  const BootstrapOptions options{*std::move(uris), is_set(arguments, "public_client")
                                                       ? ClientKind::public_client
                                                       : ClientKind::confidential};
  const auto made =
      bootstrap(*core.store, core.ids, core.random, core.config, options, core.clock.now());
  auto told = json::parse(to_json(made, core.config.public_url)).as_object();
  if (*conformance) {
    auto suite = ensure_conformance(core, **conformance);
    if (!suite) return std::unexpected(suite.error());
    told["conformance"] = *std::move(suite);
  }
  return told;
}

Result list_keys(Core& core) {
  json::array keys;
  for (const auto& key : core.ring.ring()->keys()) {
    json::object line{{"kid", key.kid},
                      {"algorithm", jose::to_string(key.algorithm)},
                      {"use", keys::to_string(key.state)},
                      {"created_at", base::to_rfc3339(key.created_at)}};
    if (key.retire_after) line["retire_after"] = base::to_rfc3339(*key.retire_after);
    keys.push_back(std::move(line));
  }
  return json::object{{"keys", std::move(keys)}};
}

Result rotate_keys(Core& core) {
  std::vector<jose::Algorithm> algorithms;
  for (const auto& key : core.ring.ring()->keys()) {
    if (key.state == keys::UseState::current) algorithms.push_back(key.algorithm);
  }
  const auto fresh = keys::generate(algorithms);
  const auto now = core.clock.now();
  auto rotations =
      core.store->write([&](store::Transaction& tx) -> base::Result<std::vector<keys::Rotation>> {
        std::vector<keys::Rotation> done;
        for (const auto& key : fresh) {
          auto rotation = core.ring.rotate(tx, key, now, keys::RotationCause::by_operator);
          if (!rotation) return std::unexpected(rotation.error());
          done.push_back(*std::move(rotation));
        }
        record_operator(tx, "keys.rotated", events::nobody, now);
        return done;
      });
  if (!rotations) return std::unexpected(rotations.error());
  json::array lines;
  for (const auto& rotation : *rotations) {
    const bool early = rotation.publication == keys::Publication::too_short;
    lines.push_back(json::object{
        {"algorithm", jose::to_string(rotation.algorithm)},
        {"previous", rotation.previous_kid},
        {"current", rotation.current_kid},
        {"next", rotation.next_kid},
        {"retire_after", base::to_rfc3339(rotation.retire_after)},
        {"note", early ? "published only lately: verifiers that do not look up an unknown kid may "
                         "refuse tokens for a few minutes"
                       : ""}});
  }
  return json::object{{"rotations", std::move(lines)}};
}

/// Adapts the handlers, which take what they need of (core, arguments, progress).
using Handler = Result (*)(Core&, const json::object&, const Progress&);

template <auto handler>
Result call(Core& core, const json::object& arguments, const Progress& progress) {
  if constexpr (requires { handler(core); }) {
    return handler(core);
  } else if constexpr (requires { handler(core, arguments); }) {
    return handler(core, arguments);
  } else {
    return handler(core, arguments, progress);
  }
}

struct Command {
  std::string_view name;
  Handler run;
};

constexpr Command commands[] = {
    {"audit.head", call<show_audit_head>},
    {"audit.list", call<list_audit>},
    {"audit.verify", call<verify_audit>},
    {"backup", call<run_backup>},
    {"bootstrap", call<run_bootstrap>},
    {"clients.add", call<add_client>},
    {"clients.delete", call<delete_client>},
    {"clients.list", call<list_clients>},
    {"clients.show", call<show_client>},
    {"clients.update", call<change_client>},
    {"doctor", call<run_doctor>},
    {"events.list", call<list_events>},
    {"events.replay", call<replay_events>},
    {"events.status", call<show_delivery>},
    {"events.tail", call<tail_events>},
    {"keys.list", call<list_keys>},
    {"keys.rotate", call<rotate_keys>},
    {"merges.abandon", call<abandon_merge>},
    {"merges.list", call<list_merges>},
    {"merges.retry", call<retry_merge>},
    {"merges.show", call<show_merge>},
    {"purge", call<run_purge>},
    {"purge.runs", call<list_purge_runs>},
    {"restore.release", call<release_held>},
    {"users.add", call<add_user>},
    {"users.grant", call<grant_role>},
    {"users.export", call<export_users>},
    {"users.import", call<import_users>},
    {"users.revoke", call<revoke_role>},
    {"users.set", call<set_user>},
    {"users.show", call<show_user>},
};

}  // namespace

std::vector<std::string_view> command_names() {
  std::vector<std::string_view> names;
  for (const auto& command : commands) names.push_back(command.name);
  return names;
}

Result run_command(Core& core, std::string_view name, const json::object& arguments,
                   const Progress& progress) {
  const auto* const found = std::ranges::find(commands, name, &Command::name);
  if (found == std::end(commands)) {
    return base::fail(base::ErrorKind::not_found, "unknown_command",
                      "there is no command " + std::string(name));
  }
  auto result = found->run(core, arguments, progress);
  note_command(core, name, arguments, result);
  return result;
}

}  // namespace vestibule::app
