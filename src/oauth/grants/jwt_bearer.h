#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/secret.h"
#include "oauth/grants/grant.h"
#include "oauth/parameters.h"
#include "oauth/scope.h"

namespace vestibule::oauth {

inline constexpr std::string_view grant_jwt_bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How far ahead the `exp` of a service account's assertion may lie.
inline constexpr base::Seconds service_assertion_longest_life{3600};

/// RFC 7523 section 2.1.
struct JwtBearerRequest {
  base::Secret assertion;
  Scope scope;
};
/// Error: invalid_request.
Result<JwtBearerRequest> parse_jwt_bearer_request(const Parameters& form);

/// The grant of ZITADEL's service accounts: an assertion signed with a machine key is answered with
/// a token of the account. `iss` and `sub` are the account, `aud` is this server, `kid` is the
/// key's id, the life is an hour at most; `jti` is not asked for, so it works until it expires.
/// grant_to_service says what it gets. Reads only. Error: invalid_grant, which does not say why.
Result<Grant> grant_by_jwt_bearer(store::Transaction& tx, const GrantContext& context,
                                  const JwtBearerRequest& request, base::Time now);

}  // namespace vestibule::oauth
