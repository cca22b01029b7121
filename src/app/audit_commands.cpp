#include "app/audit_commands.h"

#include <boost/json/array.hpp>
#include <optional>
#include <string>
#include <utility>

#include "accounts/users.h"
#include "events/audit.h"
#include "events/audit_list.h"
#include "events/audit_verify.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

constexpr std::int64_t most_lines = 10'000;

std::string_view text_in(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

std::unexpected<base::Error> wrong(std::string message) {
  return base::fail(base::ErrorKind::invalid, "arguments", std::move(message));
}

/// What the chain is compared with.
base::Result<std::optional<events::AuditHead>> head_in(Core& core, const json::object& arguments) {
  const auto text = text_in(arguments, "head");
  if (text.empty()) return events::read_head(core.audit.head_file());
  auto head = events::AuditHead::parse(text);
  if (!head) return wrong("'" + std::string(text) + "' is no head of an audit log");
  return head;
}

json::object describe(const events::Restoration& restoration) {
  return {{"line", restoration.line},
          {"at", base::to_rfc3339(restoration.at)},
          {"restored_sequence", restoration.restored_sequence},
          {"lost_head", restoration.lost.text()}};
}

json::array describe(const std::vector<events::Finding>& findings) {
  json::array out;
  for (const auto& finding : findings) {
    json::object line{{"flaw", events::to_string(finding.flaw)}, {"message", finding.message}};
    if (finding.line) line["line"] = *finding.line;
    if (finding.seal) line["seal"] = *finding.seal;
    out.push_back(std::move(line));
  }
  return out;
}

/// A user as it is known outside: by its `sub`, or by what is left of one that is gone.
std::string name_of(store::Transaction& tx, base::UserId user) {
  const auto found = accounts::find_user(tx, user);
  return found ? found->subject() : base::to_string(user);
}

json::object describe(store::Transaction& tx, const events::AuditRow& row) {
  json::object line{{"id", row.id}, {"at", base::to_rfc3339(row.at)}, {"type", row.type}};
  if (row.user != events::nobody) line["user"] = name_of(tx, row.user);
  if (row.actor) line["actor"] = name_of(tx, *row.actor);
  if (row.client) line["client"] = base::to_string(*row.client);
  if (row.address.text) line["address"] = *row.address.text;
  if (row.detail.text) line["detail"] = *row.detail.text;
  line["outcome"] = row.outcome.value_or("done");
  if (row.address.is_forgotten() || row.detail.is_forgotten()) line["forgotten"] = true;
  return line;
}

}  // namespace

Result verify_audit(Core& core, const json::object& arguments, const Progress& progress) {
  const auto head = head_in(core, arguments);
  if (!head) return std::unexpected(head.error());
  const auto now = core.clock.now();
  if (core.audit.has_exported_head()) core.audit.seal(now);
  const auto last =
      core.store->read([](store::Transaction& tx) { return events::find_last_seal(tx); });
  const auto tell = [&](std::int64_t lines) {
    if (last) progress({{"done", lines}, {"total", last->last_id}});
  };
  const auto found = events::verify_audit(*core.store, core.audit.key(), *head, now, tell);
  json::object told{
      {"sound", found.is_sound()},           {"seals", found.seals},       {"lines", found.lines},
      {"forgotten", found.forgotten},        {"unsealed", found.unsealed}, {"flaws", found.flaws},
      {"findings", describe(found.findings)}};
  if (found.head) told["head"] = found.head->text();
  if (*head) told["compared_with"] = (*head)->text();
  json::array restorations;
  for (const auto& one : found.restorations) restorations.push_back(describe(one));
  told["restorations"] = std::move(restorations);
  if (found.explained_by) told["explained_by"] = describe(*found.explained_by);
  return told;
}

Result show_audit_head(Core& core) {
  const auto now = core.clock.now();
  const auto conflict = [&] {
    return base::fail(base::ErrorKind::conflict, "audit_conflict",
                      "the audit log does not have the head in " + core.audit.head_file().string() +
                          ": run vestibule audit verify");
  };
  if (!core.audit.has_exported_head()) return conflict();
  core.audit.seal(now);
  if (core.audit.export_head(now, events::Sealer::Export::now) ==
      events::Sealer::Exported::conflict) {
    return conflict();
  }
  const auto last =
      core.store->read([](store::Transaction& tx) { return events::find_last_seal(tx); });
  if (!last) return base::fail(base::ErrorKind::not_found, "audit_empty", "nothing is sealed yet");
  return json::object{{"head", events::AuditHead::of(*last).text()},
                      {"sequence", last->sequence},
                      {"last_id", last->last_id},
                      {"sealed_at", base::to_rfc3339(last->sealed_at)}};
}

Result list_audit(Core& core, const json::object& arguments) {
  events::AuditFilter filter{.type = std::string(text_in(arguments, "type"))};
  if (const auto* limit = arguments.if_contains("limit")) {
    if (!limit->is_int64() || limit->as_int64() < 1 || limit->as_int64() > most_lines) {
      return wrong("limit has to be from 1 to 10000");
    }
    filter.limit = static_cast<int>(limit->as_int64());
  }
  if (const auto* since = arguments.if_contains("since")) {
    if (!since->is_int64()) return wrong("since has to be milliseconds");
    filter.since = base::from_milliseconds(since->as_int64());
  }
  const auto subject = text_in(arguments, "user");
  return core.store->read([&](store::Transaction& tx) -> Result {
    if (!subject.empty()) {
      filter.user = accounts::resolve_subject(tx, subject);
      if (!filter.user) {
        return base::fail(base::ErrorKind::not_found, "user_unknown", "There is no such user.");
      }
    }
    json::array lines;
    for (const auto& row : events::list_audit(tx, filter)) lines.push_back(describe(tx, row));
    return json::object{{"lines", std::move(lines)}};
  });
}

}  // namespace vestibule::app
