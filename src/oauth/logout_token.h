#pragma once

#include <string>

#include "base/clock.h"
#include "base/ids.h"
#include "jose/algorithm.h"
#include "keys/key_ring.h"

namespace vestibule::oauth {

/// What a client is told when a session ends (OpenID Connect Back-Channel Logout section 2.4).
struct LogoutToken {
  std::string subject;
  base::ClientId client;
  base::SessionId session;  ///< `sid`
  base::Time issued_at;
  std::string jti;
};

/// Section 2.4 recommends a short life, two minutes at most.
inline constexpr base::Seconds logout_token_life{120};

/// typ logout+jwt, with the algorithm of the client's ID tokens (section 2.6, step 2). Costs CPU as
/// any signature; never inside a transaction.
std::string sign_logout_token(const std::string& issuer, const keys::KeyRing& ring,
                              const LogoutToken& token, jose::Algorithm algorithm);

}  // namespace vestibule::oauth
