#pragma once

#include <string>
#include <vector>

#include "base/secret.h"
#include "http/outgoing.h"

namespace vestibule::remote {

/// Where the remote ZITADEL is and as whom it is called.
struct ZitadelOptions {
  std::string issuer;          ///< `https://id.example.com`: its paths are ZITADEL's
  std::string organization;    ///< where guests are made
  std::string client_id;       ///< the gateway's client: code, refresh token and token exchange
  base::Secret client_secret;  ///< empty: a public client with PKCE
  std::string redirect_uri;
  std::string scope = "openid profile email offline_access";
  /// Of the guests' exchanges: ZITADEL refuses offline_access there.
  std::string guest_scope = "openid profile email";
  std::string audience;        ///< asked for in exchanges; empty: the client's own
  base::Secret service_token;  ///< a personal access token; or
  base::Secret service_key;    ///< ZITADEL's key file (JSON: type, keyId, key, userId)
  http::OutgoingOptions outgoing;
};

}  // namespace vestibule::remote
