#include "oauth/grants/grant.h"

#include <algorithm>
#include <utility>

#include "oauth/claims_request.h"
#include "oauth/grants/exchange_request.h"
#include "oauth/token_binding.h"
#include "oauth/user_claims.h"

namespace vestibule::oauth {

TokenResponse sign(const TokenIssuer& issuer, Grant grant) {
  TokenResponse response;
  response.token_type = token_type_of(grant.access.confirmation);
  response.expires_in =
      std::chrono::floor<base::Seconds>(grant.access.expires_at - grant.access.issued_at);
  response.scope = grant.access.scope;
  response.issued_token_type = grant.issued_token_type;
  if (grant.issued_token_type == token_type_id_token && grant.id_token) {
    // RFC 8693 2.2.1: token_type N_A says that this is not an access token.
    response.token_type = "N_A";
    response.access_token = issuer.sign_id_token(*grant.id_token, grant.id_token_algorithm);
    return response;
  }
  // Nobody reads an opaque token but introspection, which looks the user up anyway.
  if (grant.format == TokenFormat::opaque) grant.access.extra_json.clear();
  response.access_token = issuer.make_access_token(grant.access, grant.format, grant.algorithm);
  if (grant.id_token) {
    grant.id_token->access_token = response.access_token;
    response.id_token = issuer.sign_id_token(*grant.id_token, grant.id_token_algorithm);
  }
  if (grant.refresh_token) response.refresh_token = std::move(*grant.refresh_token);
  return response;
}

Result<void> check_grant_type(const Client& client, std::string_view grant_type) {
  if (client.allows_grant(grant_type)) return {};
  if (client.grant_types.empty()) return fail("invalid_client", "no active client not found");
  return fail("unauthorized_client",
              "grant_type '" + std::string(grant_type) + "' is not allowed for this client");
}

std::vector<std::string> default_audience(const Client& client) {
  return {client.client_id(), base::to_decimal(client.project)};
}

AccessToken start_access_token(store::Transaction& tx, const GrantContext& context,
                               const Client& client, const accounts::User& user, const Scope& scope,
                               base::Time now) {
  AccessToken token;
  token.subject = user.subject();
  token.audience = default_audience(client);
  token.client_id = client.client_id();
  token.scope = scope.text();
  token.issued_at = now;
  token.expires_at = now + client.access_token_lifetime;
  token.jti = context.issuer.new_jti(now);
  token.acr = acr_of(std::nullopt);
  token.confirmation = confirmation_of(client, context.held);
  token.extra_json = private_claims(tx, user, scope);
  return token;
}

IdToken start_id_token(store::Transaction& tx, const AccessToken& access, const Client& client,
                       const accounts::User& user, std::string_view claims) {
  IdToken token{.subject = access.subject,
                .audience = access.audience,
                .client_id = access.client_id,
                .issued_at = access.issued_at,
                .expires_at = access.expires_at,
                .session = access.session,
                .auth_time = access.auth_time,
                .amr = access.amr,
                .acr = access.acr,
                .actor = access.actor};
  // OpenID Connect Core 2: the client must be among the audiences of its ID token.
  if (std::ranges::find(token.audience, token.client_id) == token.audience.end()) {
    token.audience.push_back(token.client_id);
  }
  WantedClaims wanted{.names = ClaimsRequest::remembered(claims).id_token};
  // OpenID Connect Core 5.4: where an access token is issued, a scope's claims are at userinfo.
  if (is_told_as_by_zitadel(client)) {
    wanted.scope = Scope::parse(access.scope);
    token.claims = R"(,"client_id":")" + client.client_id() + '"';  // digits
  }
  token.claims += user_claims(tx, user, wanted, client, Room::token);
  return token;
}

}  // namespace vestibule::oauth
