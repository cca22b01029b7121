#include "zitadel/members.h"

#include <algorithm>
#include <array>
#include <utility>

#include "accounts/users.h"
#include "zitadel/caller.h"

namespace vestibule::zitadel {
namespace {

using accounts::Role;

constexpr std::array<std::pair<std::string_view, Role>, 6> known_roles{{
    {"IAM_OWNER", Role::administrator},
    {"ORG_OWNER", Role::administrator},
    {"IAM_USER_MANAGER", Role::guest_manager},
    {"ORG_USER_MANAGER", Role::guest_manager},
    {"IAM_END_USER_IMPERSONATOR", Role::guest_impersonator},
    {"ORG_END_USER_IMPERSONATOR", Role::guest_impersonator},
}};

Result<std::vector<Role>> read_roles(const std::vector<std::string>& names) {
  if (names.empty()) return refuse(refusals::member_invalid);
  std::vector<Role> roles;
  for (const std::string_view name : names) {
    const auto* const found =
        std::ranges::find(known_roles, name, &std::pair<std::string_view, Role>::first);
    if (found == known_roles.end()) return refuse(refusals::member_invalid);
    roles.push_back(found->second);
  }
  return roles;
}

}  // namespace

Result<void> set_member(const Unit& unit, std::string_view subject,
                        const std::vector<std::string>& names, MemberChange change) {
  if (auto allowed = check_administrator(unit.caller); !allowed) return allowed;
  const auto roles = read_roles(names);
  if (!roles) return refuse(roles.error());
  const auto user = accounts::find_user_by_subject(unit.tx, subject);
  if (!user) return refuse(refusals::user_unknown_to_member);
  // Whoever is to be impersonated or merged has no rights.
  if (user->standing() != accounts::Standing::account) return refuse(refusals::member_invalid);
  if (change == MemberChange::replace) {
    for (const auto held : accounts::list_roles(unit.tx, user->id)) {
      accounts::revoke_role(unit.tx, user->id, held);
    }
  }
  for (const auto role : *roles) accounts::grant_role(unit.tx, user->id, role);
  note(unit, "roles.changed", user->id);
  return {};
}

}  // namespace vestibule::zitadel
