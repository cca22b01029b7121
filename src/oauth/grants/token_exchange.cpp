#include "oauth/grants/token_exchange.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "accounts/users.h"
#include "events/audit.h"
#include "oauth/grants/exchange_limits.h"
#include "oauth/grants/exchange_parties.h"
#include "oauth/impersonation.h"

namespace vestibule::oauth {
namespace {

/// Longer chains are a loop between services, not a delegation.
constexpr int longest_chain = 8;

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

/// RFC 8693 2.1: without client authentication whoever has come by a token can turn it into others,
/// so somebody else must vouch for the caller. The same person's token twice is no more than once.
Result<void> check_vouched(const AuthenticatedClient& client, const ExchangeSubject& subject,
                           const std::optional<ExchangeActor>& actor) {
  if (client.is_confidential()) return {};
  if (!actor || actor->caller.user.id == subject.user.id) {
    return fail("unauthorized_client", "a public client exchanges only with an actor_token");
  }
  return {};
}

/// ZITADEL answers 403 and 404 to refusals by policy, which is kept for its own token type. RFC
/// 6749 5.2 has 400 for all of them.
Error with_status_of(const ExchangeSubject& subject, Error error) {
  if (subject.type != GivenType::user_id) error.status = 400;
  return error;
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

/// What has been established and allowed.
struct Terms {
  ExchangeSubject subject;
  std::optional<ExchangeActor> actor = {};
  std::shared_ptr<const Actor> chain = {};
  std::vector<std::string> audience = {};
  Scope scope = {};
};

Grant make_grant(store::Transaction& tx, const GrantContext& context, const Client& client,
                 const ExchangeRequest& request, Terms terms, base::Time now) {
  const auto& subject = terms.subject;
  // As at ZITADEL an access token is opaque whatever the client's setting, unless jwt is asked for.
  Grant grant{
      .access = start_access_token(tx, context, client, subject.user, terms.scope, now),
      .format = request.requested == RequestedType::jwt ? TokenFormat::jwt : TokenFormat::opaque,
      .algorithm = client.access_token_algorithm,
      .id_token_algorithm = client.id_token_algorithm,
      .issued_token_type = issued_type(request.requested)};
  auto& access = grant.access;
  access.audience = std::move(terms.audience);
  const auto actor_ends = terms.actor ? terms.actor->expires_at : std::nullopt;
  for (const auto& end : {subject.expires_at, actor_ends}) {
    if (end) access.expires_at = std::min(access.expires_at, *end);
  }
  access.session = subject.session;
  access.grant = subject.grant;
  access.auth_time = subject.auth_time;
  access.amr = subject.amr;
  access.acr = subject.acr.empty() ? std::string(acr_of(subject.auth_time)) : subject.acr;
  // RFC 9449 1: a token that only its key's holder may use does not become one for everybody. The
  // client may put its own key in the place of the one that it was given.
  if (access.confirmation.empty()) access.confirmation = subject.confirmation;
  access.actor = std::move(terms.chain);
  if (terms.scope.contains(scope_openid)) {
    grant.id_token = start_id_token(tx, access, client, subject.user);
  }
  return grant;
}

void audit(store::Transaction& tx, const GrantContext& context, const Client& client,
           const Terms& terms, base::Time now) {
  const std::string detail = "scope " + terms.scope.text();
  events::AuditEntry entry{.type = "token.exchanged", .user = terms.subject.user.id};
  if (terms.actor) entry.actor = terms.actor->caller.user.id;
  entry.client = client.id;
  entry.address = context.client_address;
  entry.detail = detail;
  events::record(tx, entry, now);
}

Result<Terms> establish_parties(store::Transaction& tx, const GrantContext& context,
                                const Client& client, const ExchangeRequest& request,
                                base::Time now) {
  auto subject = resolve_subject(tx, context, client, request.subject, now);
  if (!subject) return std::unexpected(std::move(subject.error()));
  Terms terms{.subject = std::move(*subject)};
  if (request.actor) {
    auto actor = resolve_actor(tx, context, client, *request.actor, now);
    if (!actor) return std::unexpected(std::move(actor.error()));
    terms.actor = std::move(*actor);
  }
  return terms;
}

}  // namespace

Result<Grant> grant_by_exchange(store::Transaction& tx, const GrantContext& context,
                                const AuthenticatedClient& authenticated,
                                const ExchangeRequest& request, base::Time now) {
  const Client& client = authenticated.client();
  if (auto allowed = check_grant_type(client, grant_token_exchange); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  auto terms = establish_parties(tx, context, client, request, now);
  if (!terms) return std::unexpected(std::move(terms.error()));
  const auto& subject = terms->subject;
  const auto& actor = terms->actor;
  if (auto vouched = check_vouched(authenticated, subject, actor); !vouched) {
    return std::unexpected(std::move(vouched.error()));
  }
  auto chain = allowed_chain(tx, client, subject, actor);
  if (!chain) return std::unexpected(with_status_of(subject, std::move(chain.error())));
  terms->chain = std::move(*chain);
  auto audience = allowed_audience(client, request);
  if (!audience) return std::unexpected(std::move(audience.error()));
  terms->audience = std::move(*audience);
  auto scope = allowed_scope(client, request, subject, actor);
  if (!scope) return std::unexpected(std::move(scope.error()));
  terms->scope = std::move(*scope);

  accounts::touch(tx, subject.user.id, now, client.access_token_lifetime);
  audit(tx, context, client, *terms, now);
  return make_grant(tx, context, client, request, std::move(*terms), now);
}

}  // namespace vestibule::oauth
