#pragma once

#include <functional>
#include <optional>

#include "app/config.h"
#include "base/clock.h"
#include "base/random.h"

namespace vestibule::app {

/// Reads the configuration again; nullopt if it has mistakes (which have been told).
using Reload = std::function<std::optional<Config>()>;

/// `vestibule serve`: wires everything, runs until SIGTERM or SIGINT, and shuts down gracefully.
/// SIGHUP reads the configuration again and takes over what can change while running. Prints one
/// line per origin on stdout when it is ready. Returns the exit code.
int serve(const Config& config, const base::Clock& clock, base::Random& random,
          const Reload& reload);

}  // namespace vestibule::app
