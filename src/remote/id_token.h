#pragma once

#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "remote/key_cache.h"
#include "remote/zitadel_api.h"

namespace vestibule::remote {

/// Verifies the remote's ID tokens for one client.
class IdTokenVerifier {
 public:
  /// The cache outlives it.
  IdTokenVerifier(std::string issuer, std::string client_id, KeyCache& keys)
      : issuer_(std::move(issuer)), client_id_(std::move(client_id)), keys_(keys) {}

  /// OpenID Connect Core 3.1.3.7 but for nonce and auth_time. `invalid_token` for a token that does
  /// not pass, and the keys' own error if they could not be had.
  Called<Identity> verify(const base::Secret& id_token, base::Time now);

 private:
  const std::string issuer_;
  const std::string client_id_;
  KeyCache& keys_;
};

}  // namespace vestibule::remote
