#include "app/event_lines.h"

#include <boost/json.hpp>

#include "events/webhook.h"

namespace vestibule::app {
namespace {

namespace json = boost::json;

/// Whom the event is about: the source, if it is about two.
std::string subject_in(std::string_view payload) {
  boost::system::error_code malformed;
  const auto event = json::parse(payload, malformed);
  const auto* const object = malformed ? nullptr : event.if_object();
  const auto* const data = object != nullptr ? object->if_contains("data") : nullptr;
  if (data == nullptr || !data->is_object()) return {};
  for (const auto* const name : {"sub", "source_sub"}) {
    const auto* const subject = data->as_object().if_contains(name);
    if (subject != nullptr && subject->is_string()) return std::string(subject->as_string());
  }
  return {};
}

}  // namespace

std::string_view spell(events::DeliveryState state) {
  switch (state) {
    case events::DeliveryState::waiting:
      return "waiting";
    case events::DeliveryState::dead:
      return "dead";
    case events::DeliveryState::delivered:
      return "delivered";
  }
  return "waiting";
}

std::optional<base::EventId> parse_event_id(std::string_view text) {
  if (text.starts_with("evt_")) text.remove_prefix(4);
  return base::parse_id<base::EventId>(text);
}

json::object event_line(const events::Delivery& row) {
  json::object line{{"id", events::webhook_id(row.id)},
                    {"application", row.application},
                    {"type", row.type},
                    {"sub", subject_in(row.payload)},
                    {"state", spell(row.state)},
                    {"attempts", row.attempts},
                    {"created_at", base::to_rfc3339(row.created_at)}};
  if (row.state == events::DeliveryState::waiting) line["due_at"] = base::to_rfc3339(row.due_at);
  if (row.delivered_at) line["delivered_at"] = base::to_rfc3339(*row.delivered_at);
  if (!row.last_error.empty()) line["last_error"] = row.last_error;
  line["payload"] = row.payload;
  return line;
}

json::object standing_line(const events::Delivery& row) {
  const bool delivered = row.state == events::DeliveryState::delivered;
  json::object line{
      {"at", base::to_rfc3339(delivered ? row.delivered_at.value_or(row.due_at) : row.created_at)},
      {"id", events::webhook_id(row.id)},
      {"application", row.application},
      {"type", row.type},
      {"sub", subject_in(row.payload)},
      {"attempt", row.attempts},
      {"outcome", spell(row.state)}};
  if (!row.last_error.empty()) line["detail"] = row.last_error;
  return line;
}

json::object attempt_line(const events::AttemptReport& report) {
  json::object line{
      {"at", base::to_rfc3339(report.at)},           {"id", events::webhook_id(report.id)},
      {"application", report.application},           {"type", report.type},
      {"sub", subject_in(report.payload)},           {"attempt", report.attempt},
      {"outcome", events::to_string(report.outcome)}};
  if (!report.detail.empty()) line["detail"] = report.detail;
  line["milliseconds"] = report.took.count();
  return line;
}

std::vector<DeliveryFigures> read_figures(Core& core) {
  std::vector<DeliveryFigures> all;
  for (const auto& application : core.outbox.applications()) {
    if (application.webhook_url.empty()) continue;
    const auto& name = application.name;
    auto& figures = all.emplace_back();
    figures.application = name;
    core.store->read([&](store::Transaction& tx) {
      figures.waiting = events::count_deliveries(tx, name, events::DeliveryState::waiting);
      figures.dead = events::count_deliveries(tx, name, events::DeliveryState::dead);
      figures.waiting_since = events::find_waiting_since(tx, name);
    });
    figures.circuit = core.monitor.circuit(name);
  }
  return all;
}

}  // namespace vestibule::app
