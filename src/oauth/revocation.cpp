#include "oauth/revocation.h"

#include "accounts/users.h"
#include "events/audit.h"
#include "sessions/codes.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

void record(store::Transaction& tx, const GrantContext& context, const AuthenticatedClient& client,
            base::UserId user, base::Time now) {
  events::record(tx,
                 {.type = "token.revoked",
                  .user = user,
                  .client = client->id,
                  .address = context.client_address},
                 now);
}

}  // namespace

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
    record(tx, context, client, family->user, now);
    return {};
  }
  if (const auto access = context.issuer.parse(token, now)) {
    if (access->client_id != client->client_id()) {
      return fail("unauthorized_client", "the token was issued to another client");
    }
    sessions::revoke_token(tx, access->jti, access->expires_at);
    record(tx, context, client,
           accounts::resolve_subject(tx, access->subject).value_or(events::nobody), now);
  }
  return {};
}

}  // namespace vestibule::oauth
