#include "oauth/grants/authorization_code.h"

#include <utility>

#include "accounts/users.h"
#include "oauth/grants/user_grant.h"
#include "oauth/pkce.h"
#include "oauth/resource.h"

namespace vestibule::oauth {
namespace {

/// One public text for every reason: whoever guesses learns nothing.
std::unexpected<Error> invalid_code(std::string detail) {
  return fail("invalid_grant", "the code is invalid, expired or already used", 400,
              std::move(detail));
}

Result<RedeemedCode> redeem(store::Transaction& tx, const sessions::Sessions& sessions,
                            const Client& client, const CodeRequest& request,
                            const base::Uuid& family, base::Time now, const HeldKeys& held) {
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
  // RFC 9449 10: only with a proof by the key that dpop_jkt named.
  if (!satisfies(GrantDetails::parse(code.details).confirmation, held)) {
    return invalid_code("not the key that dpop_jkt named");
  }
  const auto session = sessions.find(tx, code.session, now);
  if (!session || session->user != code.user) return invalid_code("session ended");
  auto user = accounts::find_user(tx, code.user);
  if (!user || user->state != accounts::UserState::active) return invalid_code("user not active");
  if (code.created_at < user->valid_after) return invalid_code("standing changed since");
  return RedeemedCode{std::move(code), std::move(*user)};
}

}  // namespace

Result<CodeRequest> parse_code_request(const Parameters& form) {
  auto code = form.find("code");
  if (!code) return fail("invalid_request", "code missing");
  auto redirect_uri = form.find("redirect_uri");
  if (!redirect_uri) return fail("invalid_request", "redirect_uri missing");
  auto resources = parse_resources(form);
  if (!resources) return std::unexpected(std::move(resources.error()));
  // Whether a verifier is due depends on the code.
  return CodeRequest{std::move(*code), std::move(*redirect_uri), form.get("code_verifier"),
                     std::move(*resources)};
}

Settled<RedeemedCode> redeem_code(store::Transaction& tx, const sessions::Sessions& sessions,
                                  const Client& client, const CodeRequest& request,
                                  const base::Uuid& family, base::Time now, const HeldKeys& held) {
  return {redeem(tx, sessions, client, request, family, now, held)};
}

Settled<Grant> grant_by_code(store::Transaction& tx, const GrantContext& context,
                             const AuthenticatedClient& client, const CodeRequest& request,
                             base::Time now) {
  if (auto allowed = check_grant_type(client.client(), grant_authorization_code); !allowed) {
    return {std::unexpected(std::move(allowed.error()))};
  }
  const auto family = base::Uuid::make(now, context.random);
  const auto redeemed =
      redeem(tx, context.sessions, client.client(), request, family, now, context.held);
  if (!redeemed) return {std::unexpected(redeemed.error())};
  auto details = GrantDetails::parse(redeemed->code.details);
  const auto resource = narrow_resources(details.resource, request.resource);
  if (!resource) return {std::unexpected(resource.error())};
  accounts::touch(tx, redeemed->user.id, now, client->access_token_lifetime);
  const auto& code = redeemed->code;
  return {grant_to_user(tx, context, client.client(),
                        {.user = redeemed->user,
                         .scope = code.scope,
                         .session = code.session,
                         .auth_time = code.auth_time,
                         .amr = code.amr,
                         .nonce = code.nonce,
                         .resource = *resource,
                         .details = std::move(details)},
                        family, now)};
}

}  // namespace vestibule::oauth
