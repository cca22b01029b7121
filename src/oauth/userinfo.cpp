#include "oauth/userinfo.h"

#include <utility>

#include "jose/claims_writer.h"
#include "oauth/claims_request.h"
#include "oauth/grant_details.h"
#include "oauth/liveness.h"
#include "oauth/token_binding.h"
#include "oauth/user_claims.h"

namespace vestibule::oauth {

Result<UserInfo> userinfo(store::Transaction& tx, const GrantContext& context,
                          std::string_view token, base::Time now) {
  const auto access = context.issuer.parse(token, now);
  if (!access) return fail("access_denied", "access token invalid", 401, "not ours or expired");
  if (auto held = check_possession(access->confirmation, context.held); !held) {
    return std::unexpected(std::move(held.error()));
  }
  const auto live = check_token(tx, context.sessions, *access, now);
  if (!live || !live->user) return fail("access_denied", "access token invalid", 401, "dead");
  WantedClaims wanted{.scope = Scope::parse(access->scope)};
  if (!wanted.scope.contains(scope_openid)) {
    return fail("insufficient_scope", "the access token lacks the scope openid", 403);
  }
  const auto details = GrantDetails::parse(live->grant_details);
  wanted.names = ClaimsRequest::remembered(details.claims).userinfo;

  UserInfo info{.claims = {}, .algorithm = live->client.userinfo_algorithm};
  jose::ClaimsWriter writer;
  if (info.algorithm) {
    // Core 5.3.2: a signed answer says who made it and for whom.
    writer.text("iss", context.issuer.issuer()).text("aud", live->client.client_id());
  }
  writer.text("sub", access->subject);
  info.claims = std::move(writer).finish();
  info.claims.pop_back();
  info.claims += user_claims(tx, *live->user, wanted, live->client, Room::answer);
  info.claims += '}';
  return info;
}

}  // namespace vestibule::oauth
