#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string_view>

#include "app/core.h"
#include "base/result.h"
#include "events/audit.h"

namespace vestibule::app {

/// An operator's change in the audit log, in the transaction of the change: no actor, and the
/// detail `operator`.
void record_operator(store::Transaction& tx, std::string_view type, base::UserId user,
                     base::Time now, std::optional<base::ClientId> client = {});

/// Writes a line `operator.command` with the command's name and outcome after a command that
/// changes something and writes no line by record_operator. A command that is not known here counts
/// as one.
void note_command(Core& core, std::string_view name, const boost::json::object& arguments,
                  const base::Result<boost::json::object>& result);

}  // namespace vestibule::app
