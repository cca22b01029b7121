#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/core.h"
#include "events/delivery_log.h"
#include "events/monitor.h"

namespace vestibule::app {

/// `waiting`, `dead`, `delivered`.
std::string_view spell(events::DeliveryState state);
/// The number in `evt_…`, or a number alone.
std::optional<base::EventId> parse_event_id(std::string_view text);

/// A row as events.list tells it, as events.tail tells it, and an attempt (event_commands.h).
boost::json::object event_line(const events::Delivery& row);
boost::json::object standing_line(const events::Delivery& row);
boost::json::object attempt_line(const events::AttemptReport& report);

/// How delivery to one application stands.
struct DeliveryFigures {
  std::string application;
  std::int64_t waiting = 0;
  std::int64_t dead = 0;
  std::optional<base::Time> waiting_since;
  std::optional<events::CircuitReport> circuit;  ///< nullopt: this process does not deliver to it
};
/// Of each application that takes webhooks.
std::vector<DeliveryFigures> read_figures(Core& core);

}  // namespace vestibule::app
