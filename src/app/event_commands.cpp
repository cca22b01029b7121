#include "app/event_commands.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <ranges>
#include <string>

#include "accounts/users.h"
#include "app/event_lines.h"
#include "events/delivery_log.h"
#include "events/monitor.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;
using Result = base::Result<json::object>;
using events::DeliveryState;

constexpr std::int64_t most_listed = 10'000;
/// Rows that one unit of the writer makes due.
constexpr int replay_batch = 200;

std::unexpected<base::Error> invalid(std::string what) {
  return base::fail(base::ErrorKind::invalid, "arguments", std::move(what));
}

std::string text_in(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

bool is_set(const json::object& arguments, std::string_view name) {
  const auto* value = arguments.if_contains(name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

base::Result<std::int64_t> count_in(const json::object& arguments, std::string_view name,
                                    std::int64_t fallback) {
  const auto* value = arguments.if_contains(name);
  if (value == nullptr) return fallback;
  if (!value->is_int64() || value->as_int64() < 0 || value->as_int64() > most_listed)
    return invalid(std::string(name) + " has to be a number up to " + std::to_string(most_listed));
  return value->as_int64();
}

base::Result<std::optional<base::Time>> time_in(const json::object& arguments,
                                                std::string_view name) {
  const auto* value = arguments.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_int64()) return invalid(std::string(name) + " has to be milliseconds");
  return base::from_milliseconds(value->as_int64());
}

std::optional<DeliveryState> parse_state(std::string_view name) {
  for (const auto state : {DeliveryState::waiting, DeliveryState::dead, DeliveryState::delivered}) {
    if (name == spell(state)) return state;
  }
  return std::nullopt;
}

/// Whose `sub` it is; erased users, too.
std::optional<base::UserId> user_of(Core& core, const std::string& subject) {
  const auto found = core.store->read([&](store::Transaction& tx) {
    auto id = accounts::resolve_subject(tx, subject);
    return id ? id : accounts::resolve_subject_from_elsewhere(tx, subject);
  });
  return found ? found : base::parse_id<base::UserId>(subject);
}

base::Result<events::DeliveryFilter> filter_in(Core& core, const json::object& arguments) {
  events::DeliveryFilter filter;
  filter.application = text_in(arguments, "application");
  if (!filter.application.empty() && core.outbox.find(filter.application) == nullptr) {
    return base::fail(base::ErrorKind::not_found, "unknown_application",
                      "no application is named " + filter.application);
  }
  if (const auto state = text_in(arguments, "state"); !state.empty()) {
    filter.state = parse_state(state);
    if (!filter.state) return invalid("a state is waiting, dead or delivered");
  }
  if (const auto user = text_in(arguments, "user"); !user.empty()) {
    filter.user = user_of(core, user);
    if (!filter.user)
      return base::fail(base::ErrorKind::not_found, "user_unknown", "There is no such user.");
  }
  for (const auto& [name, into] :
       {std::pair{"since", &filter.since}, std::pair{"until", &filter.until}}) {
    auto time = time_in(arguments, name);
    if (!time) return std::unexpected(time.error());
    *into = *time;
  }
  return filter;
}

/// What a replay has done so far.
struct Replayed {
  std::int64_t replayed = 0;
  std::int64_t skipped = 0;
  json::object result() const { return {{"replayed", replayed}, {"skipped", skipped}}; }
};

void replay_batch_of(Core& core, const std::vector<base::EventId>& ids, Replayed& so_far) {
  const auto now = core.clock.now();
  const auto count = core.store->write([&](store::Transaction& tx) {
    std::int64_t done = 0;
    for (const auto id : ids) done += events::replay(tx, id, now) ? 1 : 0;
    core.outbox.wake_after(tx);
    return done;
  });
  so_far.replayed += count;
  so_far.skipped += std::ssize(ids) - count;
}

/// Oldest first, so that a user's older event always waits before a younger one.
Result replay_named(Core& core, const json::value& list) {
  if (!list.is_array()) return invalid("ids has to be a list");
  std::vector<base::EventId> ids;
  for (const auto& item : list.as_array()) {
    const auto id = item.is_string() ? parse_event_id(item.as_string()) : std::nullopt;
    if (!id) return invalid("an id is evt_ and a number: " + json::serialize(item));
    ids.push_back(*id);
  }
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  Replayed so_far;
  for (auto next = ids.begin(); next != ids.end();) {
    const auto end = next + std::min<std::ptrdiff_t>(replay_batch, ids.end() - next);
    replay_batch_of(core, {next, end}, so_far);
    next = end;
  }
  return so_far.result();
}

Result replay_matching(Core& core, events::DeliveryFilter filter, const Progress& progress) {
  if (filter.application.empty()) return invalid("a replay needs ids or an application");
  if (filter.state == DeliveryState::waiting) return invalid("what waits is sent anyway");
  // What happens while this runs is not sent twice.
  if (!filter.until) filter.until = core.clock.now();
  Replayed so_far;
  base::EventId last{};
  while (true) {
    const auto ids = core.store->read([&](store::Transaction& tx) {
      return events::list_replayable(tx, filter, last, replay_batch);
    });
    if (ids.empty()) return so_far.result();
    last = ids.back();
    replay_batch_of(core, ids, so_far);
    progress({{"done", so_far.replayed}, {"total", so_far.replayed}});
  }
}

/// Each attempt as it happens; returns how many were told.
std::int64_t follow(events::Monitor::Watch& watch, const std::string& application,
                    const Progress& progress) {
  std::int64_t told = 0;
  while (progress.wanted()) {
    const auto batch = watch.take(std::chrono::seconds(1));
    if (batch.missed > 0) progress({{"missed", batch.missed}});
    for (const auto& report : batch.reports) {
      if (!application.empty() && report.application != application) continue;
      progress(attempt_line(report));
      ++told;
    }
    if (batch.ended) break;
  }
  return told;
}

}  // namespace

Result list_events(Core& core, const json::object& arguments) {
  const auto filter = filter_in(core, arguments);
  if (!filter) return std::unexpected(filter.error());
  const auto limit = count_in(arguments, "limit", 100);
  if (!limit) return std::unexpected(limit.error());
  json::array lines;
  core.store->read([&](store::Transaction& tx) {
    for (const auto& row : events::list_deliveries(tx, *filter, static_cast<int>(*limit)))
      lines.push_back(event_line(row));
  });
  return json::object{{"events", std::move(lines)}};
}

Result show_delivery(Core& core) {
  json::array applications;
  for (const auto& figures : read_figures(core)) {
    json::object line{{"application", figures.application},
                      {"waiting", figures.waiting},
                      {"dead", figures.dead},
                      {"delivered", core.store->read([&](store::Transaction& tx) {
                         return events::count_deliveries(tx, figures.application,
                                                         DeliveryState::delivered);
                       })}};
    if (figures.waiting_since) line["waiting_since"] = base::to_rfc3339(*figures.waiting_since);
    line["circuit"] = !figures.circuit ? "none" : figures.circuit->next_probe ? "open" : "closed";
    if (figures.circuit && figures.circuit->next_probe)
      line["next_probe_at"] = base::to_rfc3339(*figures.circuit->next_probe);
    applications.push_back(std::move(line));
  }
  return json::object{{"applications", std::move(applications)}};
}

Result tail_events(Core& core, const json::object& arguments, const Progress& progress) {
  const auto filter = filter_in(core, arguments);
  if (!filter) return std::unexpected(filter.error());
  const auto lines = count_in(arguments, "lines", 10);
  if (!lines) return std::unexpected(lines.error());
  const bool follows = is_set(arguments, "follow");
  const auto delivers = [&](const auto& application) {
    return core.monitor.circuit(application.name).has_value();
  };
  if (follows && std::ranges::none_of(core.outbox.applications(), delivers)) {
    return base::fail(base::ErrorKind::conflict, "no_delivery",
                      "nothing is delivered here: no server with the role keeper and an "
                      "application with a webhook_url is running");
  }
  // Before the look, so that nothing is missed between.
  const auto watch = core.monitor.watch();
  const auto newest = core.store->read([&](store::Transaction& tx) {
    return events::list_deliveries(tx, *filter, static_cast<int>(*lines));
  });
  for (const auto& row : newest | std::views::reverse) progress(standing_line(row));
  auto told = std::ssize(newest);
  if (follows) told += follow(*watch, filter->application, progress);
  return json::object{{"lines", told}};
}

Result replay_events(Core& core, const json::object& arguments, const Progress& progress) {
  if (const auto* ids = arguments.if_contains("ids")) return replay_named(core, *ids);
  auto filter = filter_in(core, arguments);
  if (!filter) return std::unexpected(filter.error());
  return replay_matching(core, *std::move(filter), progress);
}

}  // namespace vestibule::app
