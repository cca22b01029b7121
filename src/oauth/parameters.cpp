#include "oauth/parameters.h"

#include <set>

namespace vestibule::oauth {

std::optional<std::string> Parameters::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (key == name && !value.empty()) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Parameters::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : fields_) {
    if (key == name && !value.empty()) values.push_back(value);
  }
  return values;
}

Result<void> Parameters::check_not_repeated() const {
  std::set<std::string_view> seen;
  for (const auto& [key, value] : fields_) {
    if (key == "audience" || key == "resource") continue;
    // The name is the caller's text, so it is not repeated in the answer.
    if (!seen.insert(key).second) return fail("invalid_request", "a parameter is given twice");
  }
  return {};
}

}  // namespace vestibule::oauth
