#pragma once

#include <optional>
#include <string>
#include <vector>

#include "oauth/grant_details.h"
#include "oauth/grants/grant.h"

namespace vestibule::oauth {

/// What a person has approved, in a browser here or for a device elsewhere.
struct Approval {
  accounts::User user;
  std::string scope;
  std::optional<base::SessionId> session = {};  ///< the browser's, if its end ends the grant
  std::optional<base::Time> auth_time = {};
  std::string amr = {};
  std::optional<std::string> nonce = {};
  std::vector<std::string> resource = {};  ///< audiences of the access token (RFC 8707), if named
  GrantDetails details = {};               ///< what the request asked the grant to remember
};

/// The tokens for an approval. It is recorded as a refresh family (whose token goes out only for
/// scope offline_access to a client that may refresh), so that a replay or a revocation ends the
/// access token too.
Grant grant_to_user(store::Transaction& tx, const GrantContext& context, const Client& client,
                    const Approval& approval, const base::Uuid& family, base::Time now);

}  // namespace vestibule::oauth
