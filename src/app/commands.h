#pragma once

#include <boost/json/object.hpp>
#include <string_view>
#include <vector>

#include "app/core.h"
#include "app/progress.h"
#include "base/result.h"

namespace vestibule::app {

/// Runs an operator's command on an open core: over the control socket of a running server, or by
/// the command line itself where no server runs. Blocks. The result is what `--json` prints.
/// Errors: not_found `unknown_command`; else the command's own.
///
///   bootstrap    {redirect_uris, public_client}         see installation.h
///                {conformance, conformance_url, conformance_alias}  see conformance.h
///   purge, purge.runs                                   see purge_commands.h
///   events.list, .replay, .status, .tail                see event_commands.h
///   merges.list  {}
///   clients.list {}        clients.add {metadata}    clients.update {client_id, metadata}
///   clients.show {client_id}                         clients.delete {client_id}
///   users.add, users.set, users.show                    see user_commands.h
///   users.export, users.import                          see user_transfer.h
///   backup, restore.release                             see recovery_commands.h
///   doctor       {}                                     see doctor.h
base::Result<boost::json::object> run_command(Core& core, std::string_view name,
                                              const boost::json::object& arguments,
                                              const Progress& progress);

/// Every name that run_command knows.
std::vector<std::string_view> command_names();

}  // namespace vestibule::app
