#include "oauth/grants/jwt_bearer.h"

#include <algorithm>
#include <utility>

#include "accounts/service_accounts.h"
#include "jose/jwt.h"
#include "oauth/client_assertion.h"
#include "oauth/discovery.h"
#include "oauth/grants/service_token.h"

namespace vestibule::oauth {
namespace {

std::unexpected<Error> refuse(std::string reason) {
  return fail("invalid_grant", "the assertion is not accepted", 400,
              "service account assertion: " + std::move(reason));
}

/// The account whose key signed the assertion.
Result<accounts::User> verify(store::Transaction& tx, const std::string& issuer,
                              std::string_view assertion, base::Time now) {
  const auto jws = jose::parse_compact(assertion);
  if (!jws) return refuse(std::string(jose::to_string(jws.error())));
  const auto key = accounts::find_machine_key(tx, jws->kid, now);
  if (!key) return refuse("unknown or expired key, or the account is not active");
  auto caller = accounts::load_caller(tx, key->user);
  auto public_key = jose::VerificationKey::from_jwk(key->public_jwk);
  if (!caller || !public_key) return refuse("no usable key");
  public_key->kid = jws->kid;
  const auto subject = caller->user.subject();
  const jose::Policy policy{.issuer = subject,
                            .audience = jose::AnyAudience{},  // judged below
                            .allowed = {jose::Algorithm::rs256},
                            .types = {"", "JWT"},
                            .clock_skew = assertion_skew};
  const auto claims = jose::verify(assertion, jose::KeySet({*public_key}), policy, now);
  if (!claims) return refuse(subject + ": " + std::string(jose::to_string(claims.error())));
  if (claims->subject != subject) return refuse(subject + ": sub is not the account");
  const auto is_ours = [&](const std::string& audience) {
    return audience == issuer || audience == issuer + paths::token;
  };
  if (!std::ranges::all_of(claims->audience, is_ours)) {
    return refuse(subject + ": aud names somebody else");
  }
  if (claims->expires_at > now + service_assertion_longest_life + assertion_skew) {
    return refuse(subject + ": exp is too far ahead");
  }
  return std::move(caller->user);
}

}  // namespace

Result<JwtBearerRequest> parse_jwt_bearer_request(const Parameters& form) {
  auto assertion = form.find("assertion");
  if (!assertion) return fail("invalid_request", "assertion missing");
  return JwtBearerRequest{base::Secret(std::move(*assertion)), Scope::parse(form.get("scope"))};
}

Result<Grant> grant_by_jwt_bearer(store::Transaction& tx, const GrantContext& context,
                                  const JwtBearerRequest& request, base::Time now) {
  const auto& issuer = context.issuer.issuer();
  const auto user = verify(tx, issuer, request.assertion.reveal(), now);
  if (!user) return std::unexpected(user.error());
  return grant_to_service(tx, context, *user, request.scope, now);
}

}  // namespace vestibule::oauth
