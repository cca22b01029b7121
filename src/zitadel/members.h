#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "zitadel/verbs.h"

// ZITADEL's administrators of an instance ("members"), of which a guest's set-up makes one or two.
namespace vestibule::zitadel {

/// `add` keeps the roles that are there, `replace` does not.
enum class MemberChange { add, replace };

/// Gives an account what ZITADEL's roles stand for here: IAM_OWNER administers, IAM_USER_MANAGER
/// manages guests, IAM_END_USER_IMPERSONATOR speaks for guests (the ORG_ ones likewise). No role of
/// ZITADEL's lets anybody speak for registered people: that takes the command line (invariant 8 of
/// design.md section 3). Administrators only.
Result<void> set_member(const Unit& unit, std::string_view subject,
                        const std::vector<std::string>& roles, MemberChange change);

}  // namespace vestibule::zitadel
