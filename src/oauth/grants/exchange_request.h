#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "oauth/error.h"
#include "oauth/parameters.h"
#include "oauth/scope.h"

namespace vestibule::oauth {

inline constexpr std::string_view token_type_access_token =
    "urn:ietf:params:oauth:token-type:access_token";
inline constexpr std::string_view token_type_id_token = "urn:ietf:params:oauth:token-type:id_token";
inline constexpr std::string_view token_type_jwt = "urn:ietf:params:oauth:token-type:jwt";
/// ZITADEL's: the token is a user's id, and an actor token vouches for the caller.
inline constexpr std::string_view token_type_user_id =
    "urn:zitadel:params:oauth:token-type:user_id";

/// The kinds of token that a caller may bring.
enum class GivenType { access_token, id_token, jwt, user_id };
/// The kinds that it may ask for.
enum class RequestedType { access_token, jwt, id_token };

struct GivenToken {
  base::Secret text;
  GivenType type = GivenType::access_token;
};

/// RFC 8693 section 2.1. What the tokens are worth has not been looked at.
struct ExchangeRequest {
  GivenToken subject;
  std::optional<GivenToken> actor = {};
  RequestedType requested = RequestedType::access_token;
  Scope scope = {};  ///< empty: all that the tokens allow
  std::vector<std::string> audience = {};
  std::vector<std::string> resource = {};  ///< absolute URIs without fragment (RFC 8707 section 2)
};

/// `scope` may be left out (RFC 8693 section 2.1), but beside a `user_id`, which limits nothing,
/// ZITADEL demands it. Errors: invalid_request, invalid_target for a malformed resource; in
/// ZITADEL's words.
Result<ExchangeRequest> parse_exchange_request(const Parameters& form);

}  // namespace vestibule::oauth
