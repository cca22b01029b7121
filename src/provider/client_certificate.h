#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/ip.h"
#include "http/request.h"
#include "oauth/client_certificate_field.h"
#include "oauth/error.h"

namespace vestibule::provider {

/// How client certificates reach this server: in a field that a proxy sets which ended the TLS
/// connection and judged the certificate.
struct CertificateSource {
  std::string field = {};  ///< empty: no certificate is ever looked at
  oauth::CertificateEncoding encoding = oauth::CertificateEncoding::structured;
  std::vector<http::Cidr> proxies = {};  ///< from anybody else the field means nothing
};

/// The certificate of the request's sender; nullopt if none was passed on. Error: invalid_request
/// for a field of a trusted proxy that is doubled or no certificate.
oauth::Result<std::optional<oauth::ClientCertificate>> read_certificate(
    const CertificateSource& source, const http::RequestHead& request);

/// Its thumbprint (oauth::HeldKeys::x5t_s256). Errors as read_certificate.
oauth::Result<std::optional<std::string>> read_thumbprint(const CertificateSource& source,
                                                          const http::RequestHead& request);

}  // namespace vestibule::provider
