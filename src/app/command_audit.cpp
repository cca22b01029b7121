#include "app/command_audit.h"

#include <algorithm>
#include <string>

namespace vestibule::app {
namespace {

/// Commands that only tell, and those whose changes have lines of their own.
constexpr std::string_view without_line[] = {
    "audit.head",    "audit.list",   "audit.verify",   "clients.add",  "clients.delete",
    "clients.list",  "clients.show", "clients.update", "doctor",       "events.list",
    "events.status", "events.tail",  "keys.list",      "keys.rotate",  "merges.list",
    "merges.show",   "purge.runs",   "users.add",      "users.export", "users.grant",
    "users.revoke",  "users.set",    "users.show"};

bool is_dry_run(const boost::json::object& arguments) {
  const auto* value = arguments.if_contains("dry_run");
  return value != nullptr && value->is_bool() && value->as_bool();
}

}  // namespace

void record_operator(store::Transaction& tx, std::string_view type, base::UserId user,
                     base::Time now, std::optional<base::ClientId> client) {
  events::record(tx, {.type = type, .user = user, .client = client, .detail = "operator"}, now);
}

void note_command(Core& core, std::string_view name, const boost::json::object& arguments,
                  const base::Result<boost::json::object>& result) {
  if (std::ranges::find(without_line, name) != std::end(without_line)) return;
  if (is_dry_run(arguments)) return;
  const auto detail = "operator " + std::string(name);
  const auto outcome = result ? std::string_view() : result.error().reason;
  core.store->write([&](store::Transaction& tx) {
    events::record(
        tx,
        {.type = "operator.command", .user = events::nobody, .detail = detail, .outcome = outcome},
        core.clock.now());
  });
}

}  // namespace vestibule::app
