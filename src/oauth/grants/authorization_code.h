#pragma once

#include <string>
#include <vector>

#include "oauth/client_authentication.h"
#include "oauth/grants/grant.h"
#include "oauth/parameters.h"
#include "sessions/codes.h"

namespace vestibule::oauth {

/// RFC 6749 section 4.1.3 with RFC 7636 section 4.5.
struct CodeRequest {
  std::string code;
  std::string redirect_uri;
  std::string code_verifier = {};          ///< empty if absent
  std::vector<std::string> resource = {};  ///< RFC 8707: a part of those granted
};
/// Errors: invalid_request for a parameter that is missing, invalid_target.
Result<CodeRequest> parse_code_request(const Parameters& form);

/// A code that has been redeemed, and whose session and user are live.
struct RedeemedCode {
  sessions::Code code;
  accounts::User user;
};

/// Uses the code up and checks that client, redirect URI and verifier are those of its request.
/// A refused redemption uses it up as well, so nobody tries verifiers. `family` names what will be
/// issued under it: a replay revokes that family. A code that was asked for with `dpop_jkt` needs
/// that key among `held`. Makes no token: the gateway redeems in process.
/// Error: invalid_grant.
Settled<RedeemedCode> redeem_code(store::Transaction& tx, const sessions::Sessions& sessions,
                                  const Client& client, const CodeRequest& request,
                                  const base::Uuid& family, base::Time now,
                                  const HeldKeys& held = {});

/// The whole grant: redeems, and records the grant as a refresh family (its token goes out only for
/// scope offline_access) so that a replay ends the access token too.
Settled<Grant> grant_by_code(store::Transaction& tx, const GrantContext& context,
                             const AuthenticatedClient& client, const CodeRequest& request,
                             base::Time now);

}  // namespace vestibule::oauth
