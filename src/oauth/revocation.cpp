#include "oauth/revocation.h"

#include "sessions/codes.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {

Result<void> revoke(store::Transaction& tx, const GrantContext& context,
                    const AuthenticatedClient& client, std::string_view token, base::Time now) {
  // RFC 7009 2.1: verify whether the token was issued to the client making the request.
  if (const auto handle = sessions::parse_refresh_token(context.refresh_key, token)) {
    const auto family = sessions::find_family(tx, handle->family, now);
    if (!family) return {};
    if (family->client != client->id) {
      return fail("unauthorized_client", "the token was issued to another client");
    }
    sessions::revoke_family(tx, handle->family);
    return {};
  }
  if (const auto access = context.issuer.parse(token, now)) {
    if (access->client_id != client->client_id()) {
      return fail("unauthorized_client", "the token was issued to another client");
    }
    sessions::revoke_token(tx, access->jti, access->expires_at);
  }
  return {};
}

}  // namespace vestibule::oauth
