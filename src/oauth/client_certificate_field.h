#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "oauth/client_certificate.h"

namespace vestibule::oauth {

/// How a proxy writes a client certificate into a field.
enum class CertificateEncoding : std::uint8_t {
  structured,   ///< RFC 9440 section 2.2, `Client-Cert`: the DER as `:base64:`
  escaped_pem,  ///< nginx's $ssl_client_escaped_cert: the PEM, percent-encoded
};

/// The certificate in a field's value. Error: `certificate_malformed`.
base::Result<ClientCertificate> parse_certificate_field(std::string_view value,
                                                        CertificateEncoding encoding);

}  // namespace vestibule::oauth
