#include "app/sites.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace vestibule::app {
namespace {

bool is_operational(const std::string& path) {
  static constexpr std::array<std::string_view, 5> paths{"/healthz", "/readyz", "/metrics",
                                                         "/debug/healthz", "/debug/ready"};
  return std::ranges::find(paths, path) != paths.end();
}

// Pages and browser calls are not among them: a page of a foreign name that was made to resolve to
// us (DNS rebinding) can send any Authorization, and must not reach more than an API by that.
bool takes_bearer(std::string_view path) {
  static constexpr auto prefixes = std::to_array<std::string_view>(
      {"/v2/", "/zitadel.user.v2.UserService/", "/auth/v1/", "/management/v1/", "/oidc/v1/userinfo",
       "/guest/v1/provision", "/guest/v1/merges", "/guest/v1/aliases/"});
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return path.starts_with(prefix); });
}

bool is_bearer_call(const http::RequestHead& head) {
  const auto authorization = head.header("Authorization");
  return authorization && base::to_lower_ascii(authorization->substr(0, 7)) == "bearer " &&
         takes_bearer(head.path);
}

}  // namespace

Sites::Sites(const Config& config) {
  const auto provider = parse_url(config.public_url);
  const auto application = parse_url(config.gateway.public_url);
  provider_authority_ = provider->authority;
  application_authority_ = application->authority;
  separate_ = provider->origin() != application->origin();
  if (const auto mtls = parse_url(config.mtls.public_url)) mtls_authority_ = mtls->authority;
  provider_.name = separate_ ? "provider" : "all";
  application_.name = "application";
  if (!separate_ && is_loopback(provider->host)) {
    const auto* const other = provider->host == "localhost" ? "127.0.0.1" : "localhost";
    alias_ =
        parse_url(fmt::format("{}://{}:{}", provider->scheme, other, provider->port))->authority;
  }
}

bool Sites::is_provider(const std::string& host) const {
  return host == provider_authority_ || (!alias_.empty() && host == alias_) ||
         (!mtls_authority_.empty() && host == mtls_authority_);
}

const http::Site* Sites::select(const http::RequestHead& head) const {
  const bool bearer = is_bearer_call(head);
  const auto& gateway = separate_ ? application_ : provider_;
  if (bearer && head.path.starts_with("/guest/v1/")) return &gateway;
  if (separate_ && head.host == application_authority_) return &application_;
  if (bearer || is_provider(head.host) || is_operational(head.path)) return &provider_;
  return nullptr;
}

}  // namespace vestibule::app
