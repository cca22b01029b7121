#include "app/mtls.h"

#include "app/config_check.h"

namespace vestibule::app {

provider::CertificateSource certificate_source(const Config& config) {
  return {.field = config.mtls.header,
          .encoding = config.mtls.encoding,
          .proxies = http::Cidr::parse_all(config.trusted_proxies)};
}

void add_mtls(const Config& config, oauth::Capabilities& capabilities) {
  capabilities.mtls = !config.mtls.header.empty();
  if (capabilities.mtls) capabilities.mtls_origin = config.mtls.public_url;
}

void check_mtls(Config& config, ConfigCheck& check) {
  auto& mtls = config.mtls;
  if (!mtls.header.empty() && !http::valid_field_name(mtls.header)) {
    check.wrong("mtls.header", "is not the name of a field");
  }
  if (!mtls.header.empty() && config.trusted_proxies.empty()) {
    check.wrong("mtls.header", "nobody may send it: trusted_proxies is empty");
  }
  if (mtls.public_url.empty()) return;
  if (mtls.header.empty()) check.wrong("mtls.public_url", "needs mtls.header");
  if (mtls.public_url.ends_with('/')) mtls.public_url.pop_back();
  const auto url = parse_url(mtls.public_url);
  if (!url || url->scheme != "https" || !url->path.empty()) {
    check.wrong("mtls.public_url", "has to be https://HOST without a path");
  }
}

}  // namespace vestibule::app
