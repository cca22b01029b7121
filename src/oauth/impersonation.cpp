#include "oauth/impersonation.h"

#include <algorithm>

#include "accounts/organizations.h"
#include "accounts/users.h"

namespace vestibule::oauth {
namespace {

constexpr std::string_view policy_key = "security.impersonation";

std::unexpected<Error> no_permission(std::string detail) {
  return fail("invalid_request", "No matching permissions found", 403, std::move(detail));
}

}  // namespace

Impersonation impersonation_policy(store::Transaction& tx) {
  return accounts::find_meta(tx, policy_key) == "disabled" ? Impersonation::disabled
                                                           : Impersonation::enabled;
}

void set_impersonation_policy(store::Transaction& tx, Impersonation policy) {
  accounts::set_meta(tx, policy_key, policy == Impersonation::enabled ? "enabled" : "disabled");
}

Result<void> check_impersonation(store::Transaction& tx, const accounts::Caller& actor,
                                 const accounts::User& subject) {
  if (impersonation_policy(tx) == Impersonation::disabled) {
    return fail("invalid_request", "Errors.TokenExchange.Impersonation.PolicyDisabled", 403);
  }
  if (actor.roles.empty()) return fail("invalid_request", "membership not found", 404);
  if (actor.user.organization != subject.organization) {
    return no_permission("the subject is of another organization");
  }
  switch (subject.standing()) {
    case accounts::Standing::merging:
      return no_permission("the subject is being merged");
    case accounts::Standing::guest:
      if (!actor.has(accounts::Role::guest_impersonator)) {
        return no_permission("the actor may not impersonate guests");
      }
      break;
    case accounts::Standing::account:
      if (!actor.has(accounts::Role::user_impersonator)) {
        return no_permission("the actor may not impersonate accounts");
      }
      // Whoever has any role could lend it to the actor.
      if (subject.kind == accounts::UserKind::machine ||
          !accounts::list_roles(tx, subject.id).empty()) {
        return no_permission("the subject is privileged");
      }
      break;
  }
  if (subject.state != accounts::UserState::active) {
    return fail("invalid_request", "Errors.User.NotActive");
  }
  return {};
}

Result<void> check_binding(const Client& client, const accounts::Caller& actor) {
  const bool bound = std::ranges::find(client.actors, actor.user.id) != client.actors.end() ||
                     actor.has(accounts::Role::administrator);
  if (actor.user.organization != client.organization || !bound) {
    return no_permission("client and actor are not bound to each other");
  }
  return {};
}

Result<void> check_chain(store::Transaction& tx, const Actor* chain,
                         const accounts::User& subject) {
  for (; chain; chain = chain->prior.get()) {
    const auto user = accounts::find_user_by_subject(tx, chain->subject);
    const auto actor = user ? accounts::load_caller(tx, user->id) : std::nullopt;
    if (!actor || actor->user.state != accounts::UserState::active) {
      return no_permission("an earlier actor is gone");
    }
    if (const auto allowed = check_impersonation(tx, *actor, subject); !allowed) {
      return std::unexpected(allowed.error());
    }
  }
  return {};
}

}  // namespace vestibule::oauth
