#include "oauth/grants/refresh_token.h"

#include <memory>
#include <utility>

#include "accounts/users.h"
#include "base/text.h"
#include "events/audit.h"
#include "oauth/fapi.h"
#include "oauth/impersonation.h"
#include "oauth/resource.h"
#include "sessions/refresh.h"

namespace vestibule::oauth {
namespace {

std::unexpected<Error> invalid_token(std::string detail) {
  return fail("invalid_grant", "the refresh token is invalid, expired or already used", 400,
              std::move(detail));
}

Result<accounts::User> load_live_user(store::Transaction& tx, const sessions::Sessions& sessions,
                                      const sessions::RefreshFamily& family, base::Time now) {
  auto user = accounts::find_user(tx, family.user);
  if (!user || user->state != accounts::UserState::active) return invalid_token("user not active");
  if (family.created_at < user->valid_after) return invalid_token("standing changed since");
  if (family.session) {
    const auto session = sessions.find(tx, *family.session, now);
    if (!session || session->user != user->id) return invalid_token("session ended");
  }
  return std::move(*user);
}

Result<std::shared_ptr<const Actor>> check_actor(store::Transaction& tx, const Client& client,
                                                 const sessions::RefreshFamily& family,
                                                 const accounts::User& user) {
  if (!family.actor) return std::shared_ptr<const Actor>();
  const auto actor = accounts::load_caller(tx, *family.actor);
  if (!actor || actor->user.state != accounts::UserState::active) {
    return invalid_token("actor not active");
  }
  if (auto bound = check_binding(client, *actor); !bound)
    return invalid_token(bound.error().detail);
  if (auto allowed = check_impersonation(tx, *actor, user); !allowed) {
    return invalid_token(allowed.error().description);
  }
  return std::make_shared<const Actor>(Actor{actor->user.subject()});
}

/// Uses the handle: up, or, for clients whose tokens are not rotated, as long as the family lives.
sessions::FamilyRotation use(store::Transaction& tx, const Client& client,
                             const sessions::RefreshHandle& handle,
                             const sessions::RefreshFamily& known, base::Time now) {
  if (rotates_refresh_tokens(client)) return sessions::rotate_family(tx, handle, now);
  if (handle.generation != known.generation) return {};
  return {sessions::Rotation::successor, known};
}

Result<Grant> renew(store::Transaction& tx, const GrantContext& context, const Client& client,
                    const RefreshRequest& request, base::Time now) {
  if (auto allowed = check_grant_type(client, grant_refresh_token); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  const auto handle =
      sessions::parse_refresh_token(context.refresh_key, request.refresh_token.reveal());
  if (!handle) return invalid_token("malformed or not ours");
  const auto known = sessions::find_family(tx, handle->family, now);
  if (!known) return invalid_token("family unknown, revoked or expired");
  // RFC 6749 6: the refresh token is bound to the client to which it was issued. Another client's
  // attempt must not use it up.
  if (known->client != client.id) return invalid_token("token of another client");
  const auto user = load_live_user(tx, context.sessions, *known, now);
  if (!user) return std::unexpected(user.error());
  const auto details = GrantDetails::parse(known->details);
  if (!satisfies(details.confirmation, context.held)) {
    return invalid_token("bound to a key that was not shown");
  }
  const auto actor = check_actor(tx, client, *known, *user);
  if (!actor) return std::unexpected(actor.error());
  const Scope granted = Scope::parse(known->scope);
  const Scope scope = request.scope.value_or(granted);
  // RFC 6749 6: the requested scope must not include any scope not originally granted.
  if (!scope.first_missing_in(granted).empty()) {
    return fail("invalid_scope", "the scope exceeds what was granted");
  }
  const auto resource = narrow_resources(details.resource, request.resource);
  if (!resource) return std::unexpected(resource.error());

  const auto rotation = use(tx, client, *handle, *known, now);
  if (rotation.outcome == sessions::Rotation::reused) return invalid_token("reuse detected");
  if (rotation.outcome == sessions::Rotation::unknown || !rotation.family) {
    return invalid_token("family unknown, revoked or expired");
  }
  const auto& family = *rotation.family;
  accounts::touch(tx, user->id, now, client.access_token_lifetime);
  events::record(tx,
                 {.type = "token.renewed",
                  .user = user->id,
                  .actor = family.actor,
                  .client = client.id,
                  .address = context.client_address},
                 now);

  Grant grant{.access = start_access_token(tx, context, client, *user, scope, now),
              .format = client.access_token_format,
              .algorithm = client.access_token_algorithm,
              .id_token_algorithm = client.id_token_algorithm};
  if (!family.audience.empty()) grant.access.audience = base::split_words(family.audience);
  grant.access.session = family.session;
  grant.access.auth_time = family.auth_time;
  grant.access.amr = family.amr;
  grant.access.acr = acr_of(family.auth_time);
  grant.access.actor = *actor;
  grant.access.grant = family.id;
  // OpenID Connect Core 12.2: same auth_time, no nonce.
  if (scope.contains(scope_openid)) {
    grant.id_token = start_id_token(tx, grant.access, client, *user, details.claims);
  }
  if (!resource->empty()) grant.access.audience = *resource;
  grant.refresh_token =
      sessions::refresh_token_text(context.refresh_key, family.id, family.generation);
  return grant;
}

}  // namespace

Result<RefreshRequest> parse_refresh_request(const Parameters& form) {
  auto token = form.find("refresh_token");
  if (!token) return fail("invalid_request", "refresh_token missing");
  RefreshRequest request{base::Secret(std::move(*token))};
  if (const auto scope = form.find("scope")) request.scope = Scope::parse(*scope);
  auto resources = parse_resources(form);
  if (!resources) return std::unexpected(std::move(resources.error()));
  request.resource = std::move(*resources);
  return request;
}

Settled<Grant> grant_by_refresh(store::Transaction& tx, const GrantContext& context,
                                const AuthenticatedClient& client, const RefreshRequest& request,
                                base::Time now) {
  return {renew(tx, context, client.client(), request, now)};
}

}  // namespace vestibule::oauth
