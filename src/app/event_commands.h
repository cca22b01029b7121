#pragma once

#include <boost/json/object.hpp>

#include "app/core.h"
#include "app/progress.h"
#include "base/result.h"

namespace vestibule::app {

/// Events on their way to applications. No result has a secret, a signature or a URL in it.

/// `events.list {application, state, user, limit}`, each of them optional; `user` is a `sub`,
/// `limit` 1 to 10,000, 100 by default. The newest rows, newest first:
/// `{events:[{id, application, type, sub, state, attempts, created_at, due_at?, delivered_at?,
/// last_error?, payload}]}`. Errors: invalid; not_found for an application that is not configured.
base::Result<boost::json::object> list_events(Core& core, const boost::json::object& arguments);

/// `events.status {}`: how each application is doing: `{applications:[{application, waiting, dead,
/// delivered, waiting_since?, circuit, next_probe_at?}]}`. `circuit` is `closed`, `open`, or `none`
/// if this process does not deliver to it.
base::Result<boost::json::object> show_delivery(Core& core);

/// `events.tail {application, lines, follow}`: tells the newest `lines` events as they stand,
/// oldest first, and with `follow` each attempt as it happens, until the caller goes away or the
/// server ends: `{at, id, application, type, sub, attempt, outcome, detail?, milliseconds?}`. The
/// result is
/// `{lines}`. Errors: as above; conflict `no_delivery` to follow where nothing is delivered.
base::Result<boost::json::object> tail_events(Core& core, const boost::json::object& arguments,
                                              const Progress& progress);

/// `events.replay {ids}` or `{application, state, since, until}`: sends dead and delivered events
/// again, each under its own id, an application's in their order. `state` is `dead` for those only;
/// `since` and `until` are milliseconds and compared with the event's time. The result is
/// `{replayed, skipped}`: skipped are ids that wait anyway, or are not there. Errors: as above.
base::Result<boost::json::object> replay_events(Core& core, const boost::json::object& arguments,
                                                const Progress& progress);

}  // namespace vestibule::app
