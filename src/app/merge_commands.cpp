#include "app/merge_commands.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/merge_requests.h"
#include "guests/merge_operator.h"
#include "guests/merge_parts.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;

constexpr std::size_t most = 1000;
// What is read to find that many that were, or were not, delivered.
constexpr int most_open = 100'000;

struct Step {
  std::string_view name;  ///< of guests::step_of
  guests::MergeState state;
};
constexpr Step steps[] = {{"requested", guests::MergeState::requested},
                          {"delivered", guests::MergeState::requested},
                          {"stalled", guests::MergeState::stalled},
                          {"done", guests::MergeState::done},
                          {"abandoned", guests::MergeState::abandoned}};

std::string_view text_in(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

base::Result<base::MergeId> id_in(const json::object& arguments) {
  const auto id = base::parse_id<base::MergeId>(text_in(arguments, "id"));
  if (!id) return base::fail(base::ErrorKind::not_found, "unknown_merge", "there is no such merge");
  return *id;
}

void put(json::object& line, std::string_view name, const std::optional<base::Time>& at) {
  if (at) line[name] = base::to_rfc3339(*at);
}

json::object describe(const guests::Merge& merge, const std::vector<guests::MergePart>& parts) {
  json::object line{{"id", base::to_string(merge.id)},
                    {"source_sub", merge.source_subject},
                    {"target_sub", merge.target_subject},
                    {"state", guests::step_of(merge, parts)},
                    {"requested_at", base::to_rfc3339(merge.requested_at)},
                    {"deadline_at", base::to_rfc3339(merge.deadline_at)}};
  put(line, "finished_at", merge.finished_at);
  if (merge.reason) line["reason"] = *merge.reason;
  return line;
}

json::object describe_listed(const guests::Merge& merge,
                             const std::vector<guests::MergePart>& parts) {
  auto line = describe(merge, parts);
  json::array waits;
  for (const auto& part : parts) {
    if (merge.is_open() && !part.acknowledged_at) waits.emplace_back(part.application);
  }
  line["waits_for"] = std::move(waits);
  return line;
}

json::object describe_part(store::Transaction& tx, const guests::Merge& merge,
                           const guests::MergePart& part) {
  json::object line{{"application", part.application},
                    {"requested_at", base::to_rfc3339(part.requested_at)}};
  put(line, "delivered_at", part.delivered_at);
  put(line, "acknowledged_at", part.acknowledged_at);
  const auto request = events::find_merge_request(tx, part.application, merge.source);
  if (!request || part.acknowledged_at || !merge.is_open()) return line;
  line["attempts"] = request->attempts;
  line["next_attempt_at"] = base::to_rfc3339(request->due_at);
  if (!request->last_error.empty()) line["last_error"] = request->last_error;
  return line;
}

json::object describe_whole(store::Transaction& tx, const guests::Merge& merge) {
  const auto parts = guests::list_parts(tx, merge.id);
  auto whole = describe(merge, parts);
  json::array lines;
  for (const auto& part : parts) lines.push_back(describe_part(tx, merge, part));
  whole["parts"] = std::move(lines);
  return whole;
}

std::vector<guests::Merge> find_merges(store::Transaction& tx, const json::object& arguments,
                                       const Step* step) {
  constexpr int limit = static_cast<int>(most);
  if (step) {
    const bool open = step->state == guests::MergeState::requested;
    return guests::list_merges(tx, step->state, open ? most_open : limit);
  }
  const auto* all = arguments.if_contains("all");
  return all && all->is_bool() && all->as_bool() ? guests::list_merges(tx, {}, limit)
                                                 : guests::list_open_merges(tx, "", limit);
}

/// Does `verb` to the merge that the arguments name, and shows what came of it.
template <class Verb>
Result change(Core& core, const json::object& arguments, Verb verb) {
  const auto id = id_in(arguments);
  if (!id) return std::unexpected(id.error());
  return core.store->write([&](store::Transaction& tx) -> Result {
    const auto merge = verb(tx, *id);
    if (!merge) return std::unexpected(merge.error());
    return describe_whole(tx, *merge);
  });
}

}  // namespace

Result list_merges(Core& core, const json::object& arguments) {
  const auto name = text_in(arguments, "state");
  const auto* const step = std::ranges::find(steps, name, &Step::name);
  if (!name.empty() && step == std::end(steps)) {
    return base::fail(base::ErrorKind::invalid, "state",
                      "a state is one of requested, delivered, stalled, done, abandoned", "state");
  }
  return core.store->read([&](store::Transaction& tx) {
    json::array lines;
    for (const auto& merge : find_merges(tx, arguments, step == std::end(steps) ? nullptr : step)) {
      if (lines.size() == most) break;
      const auto parts = guests::list_parts(tx, merge.id);
      if (!name.empty() && guests::step_of(merge, parts) != name) continue;
      lines.push_back(describe_listed(merge, parts));
    }
    return json::object{{"merges", std::move(lines)}};
  });
}

Result show_merge(Core& core, const json::object& arguments) {
  const auto id = id_in(arguments);
  if (!id) return std::unexpected(id.error());
  return core.store->read([&](store::Transaction& tx) -> Result {
    const auto merge = guests::find_merge(tx, *id);
    if (!merge) {
      return base::fail(base::ErrorKind::not_found, "unknown_merge", "there is no such merge");
    }
    return describe_whole(tx, *merge);
  });
}

Result retry_merge(Core& core, const json::object& arguments) {
  return change(core, arguments, [&](store::Transaction& tx, base::MergeId id) {
    return guests::retry_merge(tx, core.outbox, id, core.clock.now());
  });
}

Result abandon_merge(Core& core, const json::object& arguments) {
  const auto reason = text_in(arguments, "reason");
  return change(core, arguments, [&](store::Transaction& tx, base::MergeId id) {
    return guests::abandon_merge(tx, core.outbox, id, reason, core.clock.now());
  });
}

}  // namespace vestibule::app
