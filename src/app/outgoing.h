#pragma once

#include "app/config.h"
#include "http/outgoing.h"

namespace vestibule::app {

/// What the provider's own calls to others are made with (jwks_uri, request_uri,
/// sector_identifier_uri, logout): the configured certificates and networks, short time-outs.
http::OutgoingOptions outgoing_options(const Config& config);

}  // namespace vestibule::app
