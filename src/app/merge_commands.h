#pragma once

#include <boost/json/object.hpp>

#include "app/core.h"
#include "base/result.h"

namespace vestibule::app {

/// Merges, at most 1000: `{all, state}`, both optional. Open ones, oldest first; with `all`, those
/// that are remembered, newest first; with `state` (a word of guests::step_of), those of it only,
/// newest first. `{"merges":[…]}`, each with `waits_for`, the applications that have not
/// acknowledged.
base::Result<boost::json::object> list_merges(Core& core, const boost::json::object& arguments);

/// One merge, `{id}`, with the part of each application and its webhook. not_found `unknown_merge`.
base::Result<boost::json::object> show_merge(Core& core, const boost::json::object& arguments);

/// Sends the requests of an open merge again now: `{id}`. The result is show_merge's.
base::Result<boost::json::object> retry_merge(Core& core, const boost::json::object& arguments);

/// Gives an open merge up: `{id, reason}` (guests/merge_operator.h). The result is show_merge's.
base::Result<boost::json::object> abandon_merge(Core& core, const boost::json::object& arguments);

}  // namespace vestibule::app
