#pragma once

#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::sessions {

/// Remembers that a client knows a provider session, as a user of this `sub`, and wants to be told
/// when it ends (OpenID Connect Back-Channel and Front-Channel Logout). Noting it again is no
/// error.
void note_session_client(store::Transaction& tx, const base::SessionId& session,
                         base::ClientId client, std::string_view subject);

/// The clients that know the session.
std::vector<base::ClientId> list_session_clients(store::Transaction& tx,
                                                 const base::SessionId& session);

enum class Queued { no, yes };
/// Turns what was remembered of an ending session into notices (logout_notices.h) in the same
/// transaction, so that none is lost and none is sent for a session that goes on.
Queued queue_logout_notices(store::Transaction& tx, const base::SessionId& session, base::Time now);

/// Forgets what is remembered of the sessions that Sessions::delete_expired is about to delete with
/// the same arguments. Nobody is told: a session that nobody ended says nothing of its clients'.
void forget_expired_session_clients(store::Transaction& tx, base::Time now, int limit);

}  // namespace vestibule::sessions
