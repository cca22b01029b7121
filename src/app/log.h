#pragma once

#include "app/config.h"

namespace vestibule::app {

/// Sets spdlog's default logger: to stderr, as text or as one JSON object a line.
void set_up_log(const decltype(Config::log)& options);

}  // namespace vestibule::app
