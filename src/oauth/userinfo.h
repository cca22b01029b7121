#pragma once

#include <string>
#include <string_view>

#include "oauth/grants/grant.h"

namespace vestibule::oauth {

/// OpenID Connect Core section 5.3: the JSON body about the user behind an access token. Reads
/// session and user state. Errors: access_denied with 401 for a token that is not live or a
/// client's own; insufficient_scope with 403 for one without scope openid (RFC 6750 section 3.1).
Result<std::string> userinfo(store::Transaction& tx, const GrantContext& context,
                             std::string_view token, base::Time now);

}  // namespace vestibule::oauth
