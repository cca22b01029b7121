#pragma once

#include <expected>
#include <optional>
#include <string>

#include "accounts/user.h"
#include "oauth/client.h"
#include "oauth/tokens.h"
#include "sessions/sessions.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// Why an unexpired token of ours is dead; for the log only.
enum class Death {
  client_unknown,
  subject_unknown,
  subject_inactive,
  older_than_standing,  ///< made before the subject's standing changed (users.valid_after)
  session_ended,
  revoked,
  grant_revoked,  ///< the grant that it came from was revoked, or its code replayed
  actor_inactive,
};

/// Who stands behind a live token. A client's own token (client_credentials without a service
/// account) has no user.
struct LiveToken {
  Client client;
  std::optional<accounts::User> user;
  std::string grant_details = {};  ///< what its grant remembers (grant_details.h), if it names one
};

/// Whether a token that TokenIssuer::parse has read is still good now: client, session (if it names
/// one), user state and standing, revocation, and every actor in its chain. Reads only.
std::expected<LiveToken, Death> check_token(store::Transaction& tx,
                                            const sessions::Sessions& sessions,
                                            const AccessToken& token, base::Time now);

}  // namespace vestibule::oauth
