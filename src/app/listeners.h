#pragma once

#include "app/config.h"
#include "base/result.h"
#include "http/server.h"
#include "http/server_tls.h"

namespace vestibule::app {

/// Binds what the configuration names for all sites. A port 0 becomes the one that was found, in
/// the address and in the URLs that the configuration derived from it. `tls` outlives the server
/// and may be null if no listener needs it.
base::Result<void> bind_listeners(http::Server& server, Config& config, const http::ServerTls* tls);

/// The certificate that the listeners need; null if none does.
base::Result<std::unique_ptr<http::ServerTls>> load_tls(const Config& config);

/// Takes over what `fresh` says about the certificate; what cannot be used is told in the log, and
/// the old one stays.
void reload_tls(http::ServerTls& tls, const Config& fresh);

}  // namespace vestibule::app
