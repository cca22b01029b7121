#pragma once

#include <boost/json/object.hpp>

#include "app/core.h"
#include "base/result.h"

namespace vestibule::app {

/// `clients.list`: every client in short.
boost::json::object list_clients(Core& core);

/// `clients.add {metadata}`: registers a client by an operator's metadata
/// (oauth/client_metadata.h). Its secret, if it has one, is told this once. Error: invalid, with
/// the metadata's mistake.
base::Result<boost::json::object> add_client(Core& core, const boost::json::object& arguments);

/// `clients.show {client_id}`: its metadata, fit for update. Error: not_found.
base::Result<boost::json::object> show_client(Core& core, const boost::json::object& arguments);

/// `clients.update {client_id, metadata}`: replaces what is registered; the secret stays as long as
/// one is needed. Errors: not_found, invalid, conflict for the gateway's own client.
base::Result<boost::json::object> change_client(Core& core, const boost::json::object& arguments);

/// `clients.delete {client_id}`: its tokens die with it. Errors: as above.
base::Result<boost::json::object> delete_client(Core& core, const boost::json::object& arguments);

}  // namespace vestibule::app
