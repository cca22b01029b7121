#include "provider/client_certificate.h"

#include <utility>

#include "base/text.h"

namespace vestibule::provider {

oauth::Result<std::optional<oauth::ClientCertificate>> read_certificate(
    const CertificateSource& source, const http::RequestHead& request) {
  using Found = std::optional<oauth::ClientCertificate>;
  if (source.field.empty() || request.transport != http::Transport::tcp ||
      !http::contains(source.proxies, request.peer_address)) {
    return Found();
  }
  const auto values = request.headers.find_all(source.field);
  // A proxy that always sets the field leaves it empty for a client without a certificate.
  if (values.empty() || (values.size() == 1 && base::trim(values.front()).empty())) return Found();
  if (values.size() > 1) {
    return oauth::fail("invalid_request", "more than one client certificate field");
  }
  auto certificate = oauth::parse_certificate_field(values.front(), source.encoding);
  if (!certificate) {
    return oauth::fail("invalid_request", "the client certificate field is malformed", 400,
                       std::move(certificate.error().message));
  }
  return Found(std::move(*certificate));
}

oauth::Result<std::optional<std::string>> read_thumbprint(const CertificateSource& source,
                                                          const http::RequestHead& request) {
  auto certificate = read_certificate(source, request);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  if (!*certificate) return std::optional<std::string>();
  return std::optional((*certificate)->thumbprint());
}

}  // namespace vestibule::provider
