#include "oauth/grants/authorization_code.h"

#include <utility>

#include "accounts/users.h"
#include "oauth/pkce.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

/// One public text for every reason: whoever guesses learns nothing.
std::unexpected<Error> invalid_code(std::string detail) {
  return fail("invalid_grant", "the code is invalid, expired or already used", 400,
              std::move(detail));
}

Result<RedeemedCode> redeem(store::Transaction& tx, const sessions::Sessions& sessions,
                            const Client& client, const CodeRequest& request,
                            const base::Uuid& family, base::Time now) {
  auto consumed = sessions::consume_code(tx, request.code, family, now);
  if (consumed.outcome == sessions::CodeOutcome::replayed) return invalid_code("code replayed");
  if (consumed.outcome != sessions::CodeOutcome::redeemed || !consumed.grant) {
    return invalid_code("code unknown or expired");
  }
  auto& code = *consumed.grant;
  if (code.expires_at <= now) return invalid_code("code expired");
  // RFC 6749 4.1.3: ensure that the code was issued to this client and redirect_uri is identical.
  if (code.client != client.id) return invalid_code("code of another client");
  if (code.redirect_uri != request.redirect_uri) return invalid_code("redirect_uri differs");
  // RFC 7636 4.6. RFC 9700 4.8.2: a verifier that no challenge announced is a downgrade.
  const bool proved = code.code_challenge
                          ? matches_challenge(request.code_verifier, *code.code_challenge)
                          : request.code_verifier.empty();
  if (!proved) return invalid_code("code_verifier does not match");
  const auto session = sessions.find(tx, code.session, now);
  if (!session || session->user != code.user) return invalid_code("session ended");
  auto user = accounts::find_user(tx, code.user);
  if (!user || user->state != accounts::UserState::active) return invalid_code("user not active");
  if (code.created_at < user->valid_after) return invalid_code("standing changed since");
  return RedeemedCode{std::move(code), std::move(*user)};
}

Grant make_grant(store::Transaction& tx, const GrantContext& context, const Client& client,
                 const RedeemedCode& redeemed, const base::Uuid& family, base::Time now) {
  const auto& code = redeemed.code;
  const Scope scope = Scope::parse(code.scope);
  const auto details = GrantDetails::parse(code.details);
  Grant grant{.access = start_access_token(tx, context, client, redeemed.user, scope, now),
              .format = client.access_token_format,
              .algorithm = client.access_token_algorithm,
              .id_token_algorithm = client.id_token_algorithm};
  grant.access.session = code.session;
  grant.access.auth_time = code.auth_time;
  grant.access.amr = code.amr;
  grant.access.acr = acr_of(code.auth_time);
  grant.access.grant = family;
  grant.access.confirmation = details.confirmation;
  if (scope.contains(scope_openid)) {
    grant.id_token = start_id_token(tx, grant.access, client, redeemed.user);
    grant.id_token->nonce = code.nonce;
  }
  const bool renewable =
      scope.contains(scope_offline_access) && client.allows_grant(grant_refresh_token);
  sessions::insert_family(
      tx, {.id = family,
           .client = client.id,
           .user = redeemed.user.id,
           .session = code.session,
           .scope = code.scope,
           .rotated_at = now,
           .auth_time = code.auth_time,
           .amr = code.amr,
           .created_at = now,
           .expires_at = now + (renewable ? client.refresh_lifetime : client.access_token_lifetime),
           .details = code.details});
  if (renewable) {
    grant.refresh_token = sessions::refresh_token_text(context.refresh_key, family, 1);
  }
  return grant;
}

}  // namespace

Result<CodeRequest> parse_code_request(const Parameters& form) {
  auto code = form.find("code");
  if (!code) return fail("invalid_request", "code missing");
  auto redirect_uri = form.find("redirect_uri");
  if (!redirect_uri) return fail("invalid_request", "redirect_uri missing");
  // Whether a verifier is due depends on the code.
  return CodeRequest{std::move(*code), std::move(*redirect_uri), form.get("code_verifier")};
}

Settled<RedeemedCode> redeem_code(store::Transaction& tx, const sessions::Sessions& sessions,
                                  const Client& client, const CodeRequest& request,
                                  const base::Uuid& family, base::Time now) {
  return {redeem(tx, sessions, client, request, family, now)};
}

Settled<Grant> grant_by_code(store::Transaction& tx, const GrantContext& context,
                             const AuthenticatedClient& client, const CodeRequest& request,
                             base::Time now) {
  if (auto allowed = check_grant_type(client.client(), grant_authorization_code); !allowed) {
    return {std::unexpected(std::move(allowed.error()))};
  }
  const auto family = base::Uuid::make(now, context.random);
  const auto redeemed = redeem(tx, context.sessions, client.client(), request, family, now);
  if (!redeemed) return {std::unexpected(redeemed.error())};
  accounts::touch(tx, redeemed->user.id, now, client->access_token_lifetime);
  return {make_grant(tx, context, client.client(), *redeemed, family, now)};
}

}  // namespace vestibule::oauth
