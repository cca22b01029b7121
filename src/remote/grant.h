#pragma once

#include "accounts/user.h"
#include "gateway/identity_provider.h"
#include "remote/session_tokens.h"
#include "sessions/sessions.h"

namespace vestibule::remote {

/// What the gateway is given for a session whose tokens are the remote's.
gateway::Grant grant_of(const sessions::Session& session, const accounts::User& user,
                        const SessionTokens& tokens);

}  // namespace vestibule::remote
