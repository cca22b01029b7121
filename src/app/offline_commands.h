#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "app/config.h"
#include "app/progress.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace vestibule::app {

/// A command that no server runs and that works without an open store.
using OfflineCommand = base::Result<boost::json::object> (*)(const Config& config,
                                                             const base::Clock& clock,
                                                             base::Random& random,
                                                             const boost::json::object& arguments,
                                                             const Progress& progress);

/// The command of that name; null if it is none of these.
///
///   backup.verify {from}                       restore {from, erasures, force}
OfflineCommand find_offline_command(std::string_view name);

}  // namespace vestibule::app
