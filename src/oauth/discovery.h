#pragma once

#include <string>

namespace vestibule::oauth {

/// What an operator may have switched on, as far as clients are told.
struct Capabilities {
  bool registration = false;     ///< Dynamic Client Registration (RFC 7591)
  bool mtls = false;             ///< a trusted proxy passes client certificates on (RFC 8705)
  std::string mtls_origin = {};  ///< an origin of its own for that; empty: the issuer's
};

/// The provider's metadata (OpenID Connect Discovery section 3, RFC 8414): lists only what works.
/// `issuer` is the public URL without a slash at its end; the paths are ZITADEL's.
std::string metadata_json(const std::string& issuer, const Capabilities& capabilities);

namespace paths {
inline constexpr const char* authorize = "/oauth/v2/authorize";
inline constexpr const char* authorize_continue = "/oauth/v2/authorize/continue";
inline constexpr const char* par = "/oauth/v2/par";
inline constexpr const char* token = "/oauth/v2/token";
inline constexpr const char* device_authorization = "/oauth/v2/device_authorization";
inline constexpr const char* device_page = "/device";
inline constexpr const char* introspect = "/oauth/v2/introspect";
inline constexpr const char* revoke = "/oauth/v2/revoke";
inline constexpr const char* keys = "/oauth/v2/keys";
inline constexpr const char* userinfo = "/oidc/v1/userinfo";
inline constexpr const char* end_session = "/oidc/v1/end_session";
inline constexpr const char* registration = "/oauth/v2/register";
inline constexpr const char* openid_configuration = "/.well-known/openid-configuration";
inline constexpr const char* authorization_server = "/.well-known/oauth-authorization-server";
}  // namespace paths

}  // namespace vestibule::oauth
