#pragma once

#include <string>
#include <string_view>

namespace vestibule::zitadel {

/// `organizationId` → `organization_id`: the proto name, which JSON may use as well.
inline std::string proto_name(std::string_view json_name) {
  std::string name;
  for (const char c : json_name) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) name += '_';
    name += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

/// `organizationId` → `OrganizationId`: the name of the field in Go.
inline std::string go_name(std::string_view json_name) {
  std::string name(json_name);
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') {
    name[0] = static_cast<char>(name[0] - 'a' + 'A');
  }
  return name;
}

}  // namespace vestibule::zitadel
