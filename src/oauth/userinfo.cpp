#include "oauth/userinfo.h"

#include <utility>

#include "jose/claims_writer.h"
#include "oauth/liveness.h"
#include "oauth/user_claims.h"

namespace vestibule::oauth {

Result<std::string> userinfo(store::Transaction& tx, const GrantContext& context,
                             std::string_view token, base::Time now) {
  const auto access = context.issuer.parse(token, now);
  if (!access) return fail("access_denied", "access token invalid", 401, "not ours or expired");
  const auto live = check_token(tx, context.sessions, *access, now);
  if (!live || !live->user) return fail("access_denied", "access token invalid", 401, "dead");
  const Scope scope = Scope::parse(access->scope);
  if (!scope.contains(scope_openid)) {
    return fail("insufficient_scope", "the access token lacks the scope openid", 403);
  }
  jose::ClaimsWriter writer;
  writer.text("sub", access->subject);
  std::string body = std::move(writer).finish();
  body.pop_back();
  body += user_claims(tx, *live->user, scope, live->client, Room::answer);
  body += '}';
  return body;
}

}  // namespace vestibule::oauth
