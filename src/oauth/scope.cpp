#include "oauth/scope.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace vestibule::oauth {

Scope Scope::parse(std::string_view text) {
  Scope scope;
  for (auto& word : base::split_words(text)) {
    if (!scope.contains(word)) scope.values_.push_back(std::move(word));
  }
  return scope;
}

bool Scope::contains(std::string_view value) const {
  return std::ranges::find(values_, value) != values_.end();
}

std::string Scope::text() const {
  std::string out;
  for (const auto& value : values_) {
    if (!out.empty()) out += ' ';
    out += value;
  }
  return out;
}

Scope Scope::intersect(const Scope& other) const {
  Scope result;
  for (const auto& value : values_) {
    if (other.contains(value)) result.values_.push_back(value);
  }
  return result;
}

std::string_view Scope::first_missing_in(const Scope& other) const {
  for (const auto& value : values_) {
    if (!other.contains(value)) return value;
  }
  return {};
}

Scope Scope::without(std::string_view value) const {
  Scope result = *this;
  std::erase(result.values_, value);
  return result;
}

bool names_organization(std::string_view scope) {
  return scope.starts_with(scope_organization_id) || scope.starts_with(scope_organization_domain);
}

Scope known_scopes(const Scope& requested, const Client& client, std::string_view primary_domain) {
  static constexpr std::array plain = {scope_openid,   scope_profile,       scope_email,
                                       scope_phone,    scope_address,       scope_offline_access,
                                       scope_metadata, scope_resourceowner, scope_project_roles};
  const std::string own_organization =
      std::string(scope_organization_id) + base::to_string(client.organization);
  const std::string own_domain =
      primary_domain.empty() ? std::string()
                             : std::string(scope_organization_domain) + std::string(primary_domain);
  const std::string own_project =
      "urn:zitadel:iam:org:project:id:" + base::to_decimal(client.project) + ":aud";
  Scope result;
  for (const auto& value : requested.values_) {
    if (std::ranges::find(plain, value) != plain.end() || value == own_organization ||
        value == own_domain || value == own_project) {
      result.values_.push_back(value);
    }
  }
  return result;
}

std::unexpected<Error> missing_scope() {
  return fail("invalid_request",
              "The scope of your request is missing. Please ensure some scopes are requested. If "
              "you have any questions, you may contact the administrator of the application.");
}

}  // namespace vestibule::oauth
