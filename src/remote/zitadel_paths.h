#pragma once

#include <string>
#include <string_view>

namespace vestibule::remote {

/// ZITADEL's paths below its issuer.
namespace paths {
inline constexpr std::string_view token = "/oauth/v2/token";
inline constexpr std::string_view revoke = "/oauth/v2/revoke";
inline constexpr std::string_view keys = "/oauth/v2/keys";
inline constexpr std::string_view create_user = "/zitadel.user.v2.UserService/CreateUser";
inline constexpr std::string_view users = "/v2/users";
inline constexpr std::string_view myself = "/auth/v1/users/me";
}  // namespace paths

/// What a path is put behind: the issuer without a slash at its end.
inline std::string base_url(std::string issuer) {
  while (issuer.ends_with('/')) issuer.pop_back();
  return issuer;
}

}  // namespace vestibule::remote
