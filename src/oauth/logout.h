#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "oauth/client.h"
#include "store/transaction.h"

namespace vestibule::oauth {

/// Whether the client is to be told of the end of sessions that it knows, by either channel.
bool wants_logout(const Client& client);

/// What a browser has to load so that the clients of this session end theirs (OpenID Connect
/// Front-Channel Logout section 2): each one's frontchannel_logout_uri with `iss` and `sid`, which
/// are always said. Read in the transaction that ends the session, before it does.
std::vector<std::string> frontchannel_logout_urls(store::Transaction& tx, const std::string& issuer,
                                                  const base::SessionId& session);

}  // namespace vestibule::oauth
