#pragma once

#include "app/config.h"
#include "oauth/discovery.h"
#include "provider/client_certificate.h"

namespace vestibule::app {

/// Where the provider finds client certificates (`mtls` and `trusted_proxies`).
provider::CertificateSource certificate_source(const Config& config);

/// The part of the provider's metadata that follows from it.
void add_mtls(const Config& config, oauth::Capabilities& capabilities);

}  // namespace vestibule::app
