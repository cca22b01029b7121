#pragma once

#include "http/connection.h"

namespace vestibule::http {

class ServerTls;

/// Serves an accepted socket over TLS until it ends. A file of its own, so that the connection over
/// TLS is compiled beside the plain one and knows nothing of it.
void serve_tls(Worker& worker, PlainStream::Socket socket, const ServerTls& tls, Accepted accepted);

}  // namespace vestibule::http
