#include "http/return_to.h"

#include <algorithm>

#include "base/text.h"
#include "http/wire.h"

namespace vestibule::http {

namespace {

constexpr std::size_t longest = 2048;

/// `/guest//v1` and `/guest;x/v1` are `/guest/v1` to many a server: the path without empty segments
/// and path parameters (RFC 3986 section 3.3).
std::string plain_path(std::string_view path) {
  std::string plain;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, end);
    const auto name = segment.substr(0, segment.find(';'));
    if (!name.empty()) plain += "/" + std::string(name);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return plain;
}

bool lies_under(std::string_view path, std::string_view prefix) {
  if (prefix.ends_with('/')) prefix.remove_suffix(1);
  if (path.size() < prefix.size() || !equal_names(path.substr(0, prefix.size()), prefix))
    return false;
  return path.size() == prefix.size() || path[prefix.size()] == '/';
}

}  // namespace

bool valid_return_to(std::string_view target, std::span<const std::string> reserved) {
  if (target.size() > longest || !target.starts_with('/') || target.starts_with("//")) return false;
  if (target.find('\\') != std::string_view::npos || base::has_control_character(target) ||
      target.find(' ') != std::string_view::npos)
    return false;
  const auto decoded = decode_path(target.substr(0, target.find_first_of("?#")));
  if (!decoded) return false;
  const auto path = plain_path(*decoded);
  for (const auto& prefix : reserved) {
    if (lies_under(path, prefix)) return false;
  }
  return true;
}

}  // namespace vestibule::http
