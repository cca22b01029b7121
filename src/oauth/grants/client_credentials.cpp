#include "oauth/grants/client_credentials.h"

#include <utility>

#include "accounts/users.h"
#include "oauth/resource.h"
#include "oauth/token_binding.h"

namespace vestibule::oauth {
namespace {

AccessToken client_token(const GrantContext& context, const Client& client, base::Time now) {
  AccessToken token;
  token.subject = client.client_id();
  token.audience = default_audience(client);
  token.client_id = client.client_id();
  token.issued_at = now;
  token.expires_at = now + client.access_token_lifetime;
  token.jti = context.issuer.new_jti(now);
  token.confirmation = confirmation_of(client, context.held);
  return token;
}

}  // namespace

Result<ClientCredentialsRequest> parse_client_credentials_request(const Parameters& form) {
  auto resources = parse_resources(form);
  if (!resources) return std::unexpected(std::move(resources.error()));
  return ClientCredentialsRequest{Scope::parse(form.get("scope")), std::move(*resources)};
}

Result<Grant> grant_by_client(store::Transaction& tx, const GrantContext& context,
                              const AuthenticatedClient& client,
                              const ClientCredentialsRequest& request, base::Time now) {
  // RFC 6749 4.4: must only be used by confidential clients.
  if (!client.is_confidential()) {
    return fail("unauthorized_client", "a public client has no token of its own");
  }
  if (auto allowed = check_grant_type(client.client(), grant_client_credentials); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  if (auto allowed = check_resources(request.resource, client.client()); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  Grant grant{.access = {},
              .format = client->access_token_format,
              .algorithm = client->access_token_algorithm};
  if (client->actors.size() != 1) {
    grant.access = client_token(context, client.client(), now);
    if (!request.resource.empty()) grant.access.audience = request.resource;
    return grant;
  }
  const auto user = accounts::find_user(tx, client->actors.front());
  if (!user || user->state != accounts::UserState::active) {
    return fail("invalid_grant", "Errors.User.NotActive");
  }
  const Scope scope = known_scopes(request.scope, client.client())
                          .without(scope_openid)
                          .without(scope_offline_access);
  grant.access = start_access_token(tx, context, client.client(), *user, scope, now);
  if (!request.resource.empty()) grant.access.audience = request.resource;
  return grant;
}

}  // namespace vestibule::oauth
