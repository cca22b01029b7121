#include <fmt/core.h>

#include "app/config_check.h"
#include "http/certificates.h"

namespace vestibule::app {
namespace {

void check_file(const std::string& key, const std::string& file, ConfigCheck& check) {
  if (file.empty()) return;
  const auto why = http::why_unreadable(file);
  if (!why.empty()) check.wrong(key, file + ": " + why);
}

}  // namespace

void check_zitadel(const Config& config, ConfigCheck& check) {
  if (config.gateway.identity_provider == IdentityProviderKind::embedded) return;
  const auto& zitadel = config.zitadel;
  const auto issuer = parse_url(zitadel.issuer);
  if (!issuer) {
    check.wrong("zitadel.issuer", "has to be the URL of the ZITADEL");
  } else if (issuer->scheme == "http" && !is_loopback(issuer->host)) {
    check.wrong("zitadel.issuer", "has to be https: tokens and passwords go there");
  } else if (!issuer->path.empty()) {
    check.wrong("zitadel.issuer", "has to be an origin, without a path");
  }
  if (zitadel.organization_id.empty())
    check.wrong("zitadel.organization_id", "is needed: guests are made there");
  if (zitadel.client_id.empty()) check.wrong("zitadel.client_id", "is needed");
  if (zitadel.service_token_file.empty() == zitadel.service_key_file.empty())
    check.wrong("zitadel.service_token_file", "or zitadel.service_key_file is needed, one of them");
  check_file("zitadel.client_secret_file", zitadel.client_secret_file, check);
  check_file("zitadel.service_token_file", zitadel.service_token_file, check);
  check_file("zitadel.service_key_file", zitadel.service_key_file, check);
  check.ranges("zitadel.allowed_networks", zitadel.allowed_networks);
  if (zitadel.call_timeout < base::Seconds{1} || zitadel.call_timeout > base::Seconds{60})
    check.wrong("zitadel.call_timeout", "has to be between 1s and 1m");
  if (zitadel.retry_after < base::Seconds{1} || zitadel.retry_after > base::Seconds{300})
    check.wrong("zitadel.retry_after", "has to be between 1s and 5m");

  const std::string kind = "with gateway.identity_provider = zitadel ";
  if (config.has_role("provider"))
    check.wrong("roles", kind + "the provider is elsewhere: gateway and keeper");
  if (!config.has_role("keeper"))
    check.wrong("roles", kind + "keeper is needed: it completes what was cut off");
  if (config.gateway.cookie_format == CookieFormat::jwt)
    check.wrong("gateway.cookie_format", kind + "has to be sealed: its tokens name no session");
}

}  // namespace vestibule::app
