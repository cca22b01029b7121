#include "oauth/resource.h"

#include <algorithm>
#include <utility>

#include "oauth/grants/grant.h"
#include "oauth/uri.h"

namespace vestibule::oauth {
namespace {

constexpr std::size_t most_resources = 16;

bool contains(const std::vector<std::string>& values, std::string_view value) {
  return std::ranges::find(values, value) != values.end();
}

}  // namespace

Result<std::vector<std::string>> parse_resources(const Parameters& parameters) {
  std::vector<std::string> resources;
  for (auto& uri : parameters.all("resource")) {
    if (!is_absolute_uri(uri)) return fail("invalid_target", "resource is not an absolute URI");
    if (!contains(resources, uri)) resources.push_back(std::move(uri));
  }
  if (resources.size() > most_resources) return fail("invalid_target", "too many resources");
  return resources;
}

bool may_name_target(const Client& client, std::string_view target) {
  return contains(default_audience(client), target) || contains(client.audiences, target);
}

Result<void> check_resources(const std::vector<std::string>& requested, const Client& client) {
  for (const auto& uri : requested) {
    if (!may_name_target(client, uri)) {
      return fail("invalid_target", "resource '" + quotable(uri) + "' is none of this client's");
    }
  }
  return {};
}

Result<std::vector<std::string>> check_resources(const Parameters& parameters,
                                                 const Client& client) {
  auto resources = parse_resources(parameters);
  if (!resources) return resources;
  if (auto allowed = check_resources(*resources, client); !allowed) {
    return std::unexpected(std::move(allowed.error()));
  }
  return resources;
}

Result<std::vector<std::string>> narrow_resources(const std::vector<std::string>& granted,
                                                  const std::vector<std::string>& requested) {
  for (const auto& uri : requested) {
    if (!contains(granted, uri)) {
      return fail("invalid_target", "resource '" + quotable(uri) + "' was not granted");
    }
  }
  return requested.empty() ? granted : requested;
}

}  // namespace vestibule::oauth
