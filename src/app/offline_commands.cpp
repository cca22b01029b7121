#include "app/offline_commands.h"

#include <algorithm>
#include <boost/json.hpp>
#include <iterator>

#include "app/recovery_commands.h"
#include "app/webhook_secrets.h"
#include "recovery/backup.h"
#include "recovery/erasure_log.h"
#include "recovery/restore.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

std::string text_in(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

base::Result<std::string> backup_in(const json::object& arguments) {
  auto from = text_in(arguments, "from");
  if (!from.empty()) return from;
  return base::fail(base::ErrorKind::invalid, "arguments", "--from says which backup", "from");
}

Result verify(const Config&, const base::Clock&, base::Random&, const json::object& arguments,
              const Progress&) {
  const auto from = backup_in(arguments);
  if (!from) return std::unexpected(from.error());
  const auto manifest = recovery::verify_backup(*from);
  if (!manifest) return std::unexpected(manifest.error());
  return describe_backup({*from, *manifest});
}

Result restore(const Config& config, const base::Clock& clock, base::Random& random,
               const json::object& arguments, const Progress& progress) {
  const auto from = backup_in(arguments);
  if (!from) return std::unexpected(from.error());
  // Never one that is made now: the backup's own key has to be there before.
  const auto master = keys::MasterKey::load(config.master_key_file);
  if (!master) return std::unexpected(master.error());
  auto applications = read_applications(config);
  if (!applications) return std::unexpected(applications.error());
  const auto* force = arguments.if_contains("force");
  auto erasures = text_in(arguments, "erasures");
  const recovery::RestoreRequest request{
      .database = config.store.substr(std::string_view("sqlite:").size()),
      .from = *from,
      .erasures = erasures.empty() ? recovery::erasure_log_of(config.data)
                                   : std::filesystem::path(std::move(erasures)),
      .audit_head = audit_head_file(config),
      .applications = *std::move(applications),
      .replace = force != nullptr && force->is_bool() && force->as_bool() ? recovery::Replace::yes
                                                                          : recovery::Replace::no};
  std::int64_t step = 0;
  constexpr std::int64_t steps = 3;
  const auto restored =
      recovery::restore_backup(request, *master, random, clock.now(), [&](std::string_view what) {
        progress({{"done", step++}, {"total", steps}, {"step", what}});
      });
  if (!restored) return std::unexpected(restored.error());
  auto told = describe_backup({*from, restored->manifest});
  if (!restored->aside.empty()) told["former_store"] = restored->aside.string();
  told["erased_again"] = restored->erased_again;
  told["erasures_remembered"] = restored->erasures_remembered;
  told["deletions_held"] = true;
  told["warnings"] = json::array(restored->warnings.begin(), restored->warnings.end());
  return told;
}

struct Named {
  std::string_view name;
  OfflineCommand run;
};
constexpr Named commands[] = {{"backup.verify", verify}, {"restore", restore}};

}  // namespace

OfflineCommand find_offline_command(std::string_view name) {
  const auto* const found = std::ranges::find(commands, name, &Named::name);
  return found == std::end(commands) ? nullptr : found->run;
}

}  // namespace vestibule::app
