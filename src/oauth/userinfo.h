#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oauth/grants/grant.h"

namespace vestibule::oauth {

/// The claims of a userinfo answer (OpenID Connect Core section 5.3.2): a JSON object.
struct UserInfo {
  std::string claims;
  /// Set: the answer is a JWT that is signed with it, and `claims` has `iss` and `aud` too.
  std::optional<jose::Algorithm> algorithm = {};
};

/// OpenID Connect Core section 5.3: about the user behind an access token, what its scope opens and
/// what its grant was asked for by name. Reads session and user state. Errors: access_denied with
/// 401 for a token that is not live, a client's own, or bound to a key that is not among
/// `context.held`; insufficient_scope with 403 for one without scope openid (RFC 6750 section 3.1).
Result<UserInfo> userinfo(store::Transaction& tx, const GrantContext& context,
                          std::string_view token, base::Time now);

}  // namespace vestibule::oauth
