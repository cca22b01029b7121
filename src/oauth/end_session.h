#pragma once

#include <optional>
#include <string>

#include "oauth/error.h"
#include "oauth/parameters.h"
#include "oauth/tokens.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// A sign-out that a client asks for (OpenID Connect RP-Initiated Logout section 2), checked.
struct EndSession {
  /// Whom the id_token_hint names, also an expired one: the right to end that very session without
  /// asking. None: the person is asked.
  std::optional<base::SessionId> hinted_session = {};
  std::optional<base::UserId> hinted_user = {};
  /// Registered for the client that the hint or client_id names; empty: our own page.
  std::string post_logout_redirect_uri = {};
  std::string state = {};

  /// Where the browser goes in the end; empty: our own page.
  std::string location() const;
};

/// Errors (shown, never redirected): invalid_request for a hint that is not ours, a client_id that
/// differs from its audience, or a redirect URI that is not registered; invalid_client.
Result<EndSession> validate_end_session(store::Transaction& tx, const TokenIssuer& issuer,
                                        const Parameters& parameters, base::Time now);

}  // namespace vestibule::oauth
