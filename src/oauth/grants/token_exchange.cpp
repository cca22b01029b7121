#include "oauth/grants/token_exchange.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "accounts/users.h"
#include "events/audit.h"
#include "oauth/grants/exchange_parties.h"
#include "oauth/impersonation.h"

namespace vestibule::oauth {
namespace {

/// Longer chains are a loop between services, not a delegation.
constexpr int longest_chain = 8;

std::string quoted(std::string_view what, std::string_view value) {
  return std::string(what) + " \"" + std::string(value) + "\" not found in subject or actor token";
}

Result<Scope> allowed_scope(const Client& client, const ExchangeRequest& request,
                            const ExchangeSubject& subject,
                            const std::optional<ExchangeActor>& actor) {
  Scope scope = known_scopes(request.scope, client);
  // A refresh token would outlive the authority that this exchange stands on.
  if (scope.contains(scope_offline_access)) {
    return fail("invalid_scope", quoted("scope", scope_offline_access));
  }
  for (const auto* limit : {&subject.scope, actor ? &actor->scope : nullptr}) {
    if (!limit || !*limit) continue;
    const auto missing = scope.first_missing_in(**limit);
    if (!missing.empty()) return fail("invalid_scope", quoted("scope", missing));
  }
  if (scope.empty()) return fail("invalid_scope", "none of the requested scopes is known");
  return scope;
}

Result<std::vector<std::string>> allowed_audience(const Client& client,
                                                  const ExchangeRequest& request) {
  const auto own = default_audience(client);
  const auto may_name = [&](const std::string& value) {
    return std::ranges::find(own, value) != own.end() ||
           std::ranges::find(client.audiences, value) != client.audiences.end();
  };
  std::vector<std::string> audience;
  const auto add = [&](const std::string& value) {
    if (std::ranges::find(audience, value) == audience.end()) audience.push_back(value);
  };
  for (const auto& value : request.audience) {
    if (!may_name(value)) return fail("invalid_target", quoted("audience", value));
    add(value);
  }
  for (const auto& value : request.resource) {
    if (!may_name(value)) return fail("invalid_target", quoted("resource", value));
    add(value);
  }
  return audience.empty() ? own : audience;
}

/// The chain of the new token, every link of which has been judged.
Result<std::shared_ptr<const Actor>> allowed_chain(store::Transaction& tx, const Client& client,
                                                   const ExchangeSubject& subject,
                                                   const std::optional<ExchangeActor>& actor) {
  if (auto allowed = check_chain(tx, subject.chain.get(), subject.user); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  // Nobody acts for themselves; a user_id is no proof of being oneself, so it goes the whole way.
  if (!actor || (actor->caller.user.id == subject.user.id && subject.type != GivenType::user_id)) {
    return subject.chain;
  }
  if (auto allowed = check_impersonation(tx, actor->caller, subject.user); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  if (auto bound = check_binding(client, actor->caller); !bound) {
    return std::unexpected(std::move(bound.error()));
  }
  int length = 1;
  for (const auto* link = subject.chain.get(); link; link = link->prior.get()) ++length;
  if (length > longest_chain) return fail("invalid_request", "the chain of actors is too long");
  // RFC 8693 4.1: the outermost act claim is the current actor, nested ones are prior actors.
  return std::make_shared<const Actor>(Actor{actor->caller.user.subject(), subject.chain});
}

Result<void> check_client(const AuthenticatedClient& client, const ExchangeRequest& request) {
  if (auto allowed = check_grant_type(client.client(), grant_token_exchange); !allowed) {
    return allowed;
  }
  if (!client.is_confidential() && !request.actor) {
    return fail("unauthorized_client", "a public client exchanges only with an actor_token");
  }
  return {};
}

std::string_view issued_type(RequestedType requested) {
  switch (requested) {
    case RequestedType::jwt:
      return token_type_jwt;
    case RequestedType::id_token:
      return token_type_id_token;
    case RequestedType::access_token:
      break;
  }
  return token_type_access_token;
}

Grant make_grant(store::Transaction& tx, const GrantContext& context, const Client& client,
                 const ExchangeRequest& request, const ExchangeSubject& subject, const Scope& scope,
                 std::vector<std::string> audience, std::shared_ptr<const Actor> chain,
                 base::Time now) {
  // As at ZITADEL an access token is opaque whatever the client's setting, unless jwt is asked for.
  Grant grant{
      .access = start_access_token(tx, context, client, subject.user, scope, now),
      .format = request.requested == RequestedType::jwt ? TokenFormat::jwt : TokenFormat::opaque,
      .algorithm = client.access_token_algorithm,
      .id_token_algorithm = client.id_token_algorithm,
      .issued_token_type = issued_type(request.requested)};
  auto& access = grant.access;
  access.audience = std::move(audience);
  if (subject.expires_at) access.expires_at = std::min(access.expires_at, *subject.expires_at);
  access.session = subject.session;
  access.auth_time = subject.auth_time;
  access.amr = subject.amr;
  access.acr = acr_of(subject.auth_time);
  access.actor = std::move(chain);
  if (request.requested == RequestedType::id_token || scope.contains(scope_openid)) {
    grant.id_token = start_id_token(tx, access, client, subject.user);
  }
  return grant;
}

void audit(store::Transaction& tx, const Client& client, const ExchangeSubject& subject,
           const std::optional<ExchangeActor>& actor, const Scope& scope, base::Time now) {
  const std::string detail = "scope " + scope.text();
  events::AuditEntry entry{.type = "token.exchanged", .user = subject.user.id};
  if (actor) entry.actor = actor->caller.user.id;
  entry.client = client.id;
  entry.detail = detail;
  events::record(tx, entry, now);
}

}  // namespace

Result<Grant> grant_by_exchange(store::Transaction& tx, const GrantContext& context,
                                const AuthenticatedClient& authenticated,
                                const ExchangeRequest& request, base::Time now) {
  if (auto allowed = check_client(authenticated, request); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  const Client& client = authenticated.client();
  const auto subject = resolve_subject(tx, context, client, request.subject, now);
  if (!subject) return std::unexpected(subject.error());
  std::optional<ExchangeActor> actor;
  if (request.actor) {
    auto resolved = resolve_actor(tx, context, client, *request.actor, now);
    if (!resolved) return std::unexpected(std::move(resolved.error()));
    actor = std::move(*resolved);
  }
  auto chain = allowed_chain(tx, client, *subject, actor);
  if (!chain) return std::unexpected(std::move(chain.error()));
  auto audience = allowed_audience(client, request);
  if (!audience) return std::unexpected(std::move(audience.error()));
  const auto scope = allowed_scope(client, request, *subject, actor);
  if (!scope) return std::unexpected(scope.error());

  accounts::touch(tx, subject->user.id, now, client.access_token_lifetime);
  audit(tx, client, *subject, actor, *scope, now);
  return make_grant(tx, context, client, request, *subject, *scope, std::move(*audience),
                    std::move(*chain), now);
}

}  // namespace vestibule::oauth
