#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "oauth/scope.h"

namespace vestibule::oauth {

/// A claim about a user and the scope that opens it (OpenID Connect Core sections 5.1 and 5.4).
struct ClaimName {
  std::string_view name;
  std::string_view scope;
};

/// Every claim about a user that clients may ask for by name.
inline constexpr std::array claim_names = {
    ClaimName{"name", scope_profile},
    ClaimName{"given_name", scope_profile},
    ClaimName{"family_name", scope_profile},
    ClaimName{"middle_name", scope_profile},
    ClaimName{"nickname", scope_profile},
    ClaimName{"preferred_username", scope_profile},
    ClaimName{"profile", scope_profile},
    ClaimName{"picture", scope_profile},
    ClaimName{"website", scope_profile},
    ClaimName{"gender", scope_profile},
    ClaimName{"birthdate", scope_profile},
    ClaimName{"zoneinfo", scope_profile},
    ClaimName{"locale", scope_profile},
    ClaimName{"updated_at", scope_profile},
    ClaimName{"email", scope_email},
    ClaimName{"email_verified", scope_email},
    ClaimName{"address", scope_address},
    ClaimName{"phone_number", scope_phone},
    ClaimName{"phone_number_verified", scope_phone},
};

constexpr bool is_claim_name(std::string_view name) {
  return std::ranges::find(claim_names, name, &ClaimName::name) != claim_names.end();
}

}  // namespace vestibule::oauth
