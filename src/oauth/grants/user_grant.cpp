#include "oauth/grants/user_grant.h"

#include "events/audit.h"
#include "oauth/logout.h"
#include "oauth/token_binding.h"
#include "sessions/refresh.h"
#include "sessions/session_clients.h"

namespace vestibule::oauth {

Grant grant_to_user(store::Transaction& tx, const GrantContext& context, const Client& client,
                    const Approval& approval, const base::Uuid& family, base::Time now) {
  const Scope scope = Scope::parse(approval.scope);
  auto details = approval.details;
  details.confirmation = refresh_confirmation_of(client, context.held);
  Grant grant{.access = start_access_token(tx, context, client, approval.user, scope, now),
              .format = client.access_token_format,
              .algorithm = client.access_token_algorithm,
              .id_token_algorithm = client.id_token_algorithm};
  grant.access.session = approval.session;
  grant.access.auth_time = approval.auth_time;
  grant.access.amr = approval.amr;
  grant.access.acr = acr_of(approval.auth_time);
  grant.access.grant = family;
  if (scope.contains(scope_openid)) {
    grant.id_token = start_id_token(tx, grant.access, client, approval.user, details.claims);
    grant.id_token->nonce = approval.nonce;
    if (approval.session && wants_logout(client)) {
      sessions::note_session_client(tx, *approval.session, client.id, grant.id_token->subject);
    }
  }
  // After the ID token, which stays for its client.
  if (!approval.resource.empty()) grant.access.audience = approval.resource;
  const bool renewable =
      scope.contains(scope_offline_access) && client.allows_grant(grant_refresh_token);
  sessions::insert_family(
      tx, {.id = family,
           .client = client.id,
           .user = approval.user.id,
           .session = approval.session,
           .scope = approval.scope,
           .rotated_at = now,
           .auth_time = approval.auth_time,
           .amr = approval.amr,
           .created_at = now,
           .expires_at = now + (renewable ? client.refresh_lifetime : client.access_token_lifetime),
           .details = details.to_json()});
  events::record(tx,
                 {.type = "token.issued",
                  .user = approval.user.id,
                  .client = client.id,
                  .address = context.client_address},
                 now);
  if (renewable) {
    grant.refresh_token = sessions::refresh_token_text(context.refresh_key, family, 1);
  }
  return grant;
}

}  // namespace vestibule::oauth
