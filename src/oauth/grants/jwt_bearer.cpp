#include "oauth/grants/jwt_bearer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "accounts/service_accounts.h"
#include "jose/jwt.h"
#include "oauth/client_assertion.h"
#include "oauth/discovery.h"
#include "oauth/service_client.h"

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

/// The project in `urn:zitadel:iam:org:project:id:PROJECT:aud`.
std::optional<std::int64_t> named_project(std::string_view scope) {
  constexpr std::string_view prefix = "urn:zitadel:iam:org:project:id:";
  constexpr std::string_view suffix = ":aud";
  if (!scope.starts_with(prefix) || !scope.ends_with(suffix)) return std::nullopt;
  scope.remove_prefix(prefix.size());
  scope.remove_suffix(std::min(scope.size(), suffix.size()));
  return base::from_decimal(scope);
}

/// The scope values that mean something, and the audience that they and the bindings give.
std::pair<Scope, std::vector<std::string>> allot(store::Transaction& tx, const std::string& issuer,
                                                 const accounts::User& user,
                                                 const Client& own_client, const Scope& requested) {
  std::vector<std::string> audience{user.subject()};
  for (const auto client : list_bound_clients(tx, user.id)) {
    audience.push_back(base::to_string(client));
  }
  const Scope plain = known_scopes(requested, own_client).without(scope_offline_access);
  std::string text;
  for (const auto& value : requested.values()) {
    const auto project = named_project(value);
    if (value == scope_own_api) {
      audience.push_back(issuer);
    } else if (project && has_project(tx, user.organization, *project)) {
      audience.push_back(base::to_decimal(*project));
    } else if (!plain.contains(value)) {
      continue;
    }
    text += (text.empty() ? "" : " ") + value;
  }
  return {Scope::parse(text), std::move(audience)};
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
  const auto client = service_client(*user);
  auto [scope, audience] = allot(tx, issuer, *user, client, request.scope);
  Grant grant{.access = start_access_token(tx, context, client, *user, scope, now),
              .format = client.access_token_format,
              .algorithm = client.access_token_algorithm};
  grant.access.audience = std::move(audience);
  return grant;
}

bool opens_own_api(const AccessToken& token, const std::string& issuer) {
  return token.subject == token.client_id && !token.session && !token.actor &&
         std::ranges::find(token.audience, issuer) != token.audience.end();
}

}  // namespace vestibule::oauth
