#include "app/config_check.h"

#include <fmt/core.h>

#include "http/ip.h"

namespace vestibule::app {

void ConfigCheck::wrong(std::string_view key, const std::string& what) {
  mistakes_.push_back({table_.where(key), fmt::format("{}: {}", key, what)});
}

void ConfigCheck::url(std::string_view key, const std::string& value) {
  if (!value.empty() && !parse_url(value)) {
    wrong(key, fmt::format("'{}' is not an absolute http or https URL", value));
  }
}

void ConfigCheck::ranges(std::string_view key, const std::vector<std::string>& values) {
  for (const auto& value : values) {
    const auto range = http::Cidr::parse(value);
    if (!range) wrong(key, fmt::format("'{}': {}", value, range.error().message));
  }
}

std::optional<HostPort> ConfigCheck::address(std::string_view key, const std::string& value) {
  if (value.empty()) return std::nullopt;
  auto parsed = parse_host_port(value);
  if (!parsed) wrong(key, fmt::format("'{}' is not HOST:PORT", value));
  return parsed;
}

}  // namespace vestibule::app
