#include "zitadel/caller.h"

#include "accounts/users.h"
#include "oauth/grants/service_token.h"
#include "oauth/liveness.h"

namespace vestibule::zitadel {

using accounts::Role;

Result<accounts::Caller> authenticate(store::Transaction& tx, const ZitadelContext& context,
                                      std::string_view token, base::Time now) {
  if (auto caller = accounts::authenticate_personal_token(tx, token, now)) return *caller;
  const auto parsed = context.issuer.parse(token, now);
  // RFC 9449 7.2: a token that is bound to a key is none without a proof, which is not read here.
  if (!parsed || !parsed->confirmation.empty()) return refuse(refusals::token_invalid);
  const auto live = oauth::check_token(tx, context.sessions, *parsed, now);
  if (!live) return refuse(refusals::token_invalid);
  if (live->user && oauth::opens_own_api(*parsed, context.issuer.issuer())) {
    if (auto caller = accounts::load_caller(tx, live->user->id)) return *caller;
  }
  return refuse(refusals::token_not_for_api);
}

Result<void> check_permission(const accounts::Caller& caller, const accounts::User& user,
                              Action action, base::Time now) {
  if (action == Action::read && caller.user.id == user.id) return {};
  if (caller.roles.empty()) return refuse(refusals::no_membership);
  if (caller.has(Role::administrator)) return {};
  if (!caller.has(Role::guest_manager) || user.organization != caller.user.organization) {
    return refuse(refusals::no_permission);
  }
  if (user.is_guest()) return {};
  if (action == Action::erase || !is_finishing(caller, user, now)) {
    return refuse(refusals::registered);
  }
  return {};
}

bool is_finishing(const accounts::Caller& caller, const accounts::User& user, base::Time now) {
  return user.upgraded_by == caller.user.id && user.upgraded_at &&
         now - *user.upgraded_at < finishing_time;
}

Result<void> check_creation(const accounts::Caller& caller, const accounts::User& user) {
  if (caller.roles.empty()) return refuse(refusals::no_membership);
  if (caller.has(Role::administrator)) return {};
  if (!caller.has(Role::guest_manager) || !user.is_guest() ||
      user.organization != caller.user.organization) {
    return refuse(refusals::no_permission);
  }
  return {};
}

Result<void> check_administrator(const accounts::Caller& caller) {
  if (caller.roles.empty()) return refuse(refusals::no_membership);
  if (!caller.has(Role::administrator)) return refuse(refusals::no_permission);
  return {};
}

Result<accounts::User> load_permitted(store::Transaction& tx, const accounts::Caller& caller,
                                      std::string_view subject, Action action, const Error& unknown,
                                      base::Time now) {
  auto user = accounts::find_user_by_subject(tx, subject);
  if (!user) return refuse(caller.roles.empty() ? refusals::no_membership : unknown);
  if (auto allowed = check_permission(caller, *user, action, now); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  return std::move(*user);
}

}  // namespace vestibule::zitadel
