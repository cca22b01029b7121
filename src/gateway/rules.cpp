#include "gateway/rules.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "http/headers.h"
#include "http/wire.h"

namespace vestibule::gateway {

namespace {

std::unexpected<base::Error> bad_pattern(std::string_view text, std::string why) {
  return base::fail(base::ErrorKind::invalid, "path_pattern",
                    "the path pattern '" + std::string(text) + "' " + std::move(why));
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

base::Result<PathPattern> PathPattern::parse(std::string_view text) {
  if (!text.starts_with('/')) return bad_pattern(text, "has to start with /");
  if (base::has_control_character(text) || text.find_first_of("?#\\") != std::string_view::npos)
    return bad_pattern(text, "has a character that no path has");
  PathPattern pattern;
  auto rest = text.substr(1);
  if (rest.empty()) return pattern;
  for (;;) {
    const auto end = rest.find('/');
    const auto segment = rest.substr(0, end);
    const bool last = end == std::string_view::npos;
    if (segment.empty()) return bad_pattern(text, "has an empty segment");
    if (segment == "." || segment == "..") return bad_pattern(text, "has a dot segment");
    if (segment == "**") {
      if (!last) return bad_pattern(text, "has ** before its end");
      pattern.rest_ = Rest::any;
    } else if (segment == "*") {
      pattern.segments_.emplace_back();
    } else if (segment.starts_with('{') && segment.ends_with('}') && segment.size() > 2) {
      if (!is_name(segment.substr(1, segment.size() - 2)))
        return bad_pattern(text, "has a name with other characters than letters, digits and _");
      pattern.segments_.emplace_back();
    } else if (segment.find_first_of("*{};") != std::string_view::npos) {
      return bad_pattern(text, "has *, {, } or ; inside a segment");
    } else {
      pattern.segments_.emplace_back(std::string(segment));
    }
    if (last) return pattern;
    rest = rest.substr(end + 1);
  }
}

bool PathPattern::matches(const std::vector<std::string_view>& segments) const {
  if (segments.size() < segments_.size()) return false;
  if (rest_ == Rest::none && segments.size() != segments_.size()) return false;
  for (std::size_t i = 0; i < segments_.size(); ++i)
    if (segments_[i] && *segments_[i] != segments[i]) return false;
  return true;
}

std::vector<std::string_view> split_path(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty()) {
    const auto end = path.find('/');
    auto segment = path.substr(0, end);
    segment = segment.substr(0, segment.find(';'));
    if (!segment.empty()) segments.push_back(segment);
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end + 1);
  }
  return segments;
}

std::optional<std::string> decode_target_path(std::string_view target) {
  const auto raw = target.substr(0, target.find_first_of("?#"));
  if (!raw.starts_with('/')) return std::nullopt;
  auto path = http::decode_path(raw);
  if (!path) return std::nullopt;
  // What is a dot segment to an upstream that drops path parameters first.
  for (const auto segment : split_path(*path))
    if (segment == "." || segment == "..") return std::nullopt;
  return path;
}

base::Result<Rules> Rules::compile(const std::vector<Rule>& rules) {
  Rules compiled;
  for (const auto& rule : rules) {
    if (!http::valid_field_name(rule.method))
      return base::fail(base::ErrorKind::invalid, "method",
                        "'" + rule.method + "' is neither an HTTP method nor *");
    auto path = PathPattern::parse(rule.path);
    if (!path) return std::unexpected(path.error());
    std::vector<PathPattern> except;
    for (const auto& text : rule.except) {
      auto pattern = PathPattern::parse(text);
      if (!pattern) return std::unexpected(pattern.error());
      except.push_back(std::move(*pattern));
    }
    compiled.rules_.push_back({rule.method, std::move(*path), std::move(except)});
  }
  return compiled;
}

bool Rules::matches(std::string_view method, std::string_view path) const {
  if (rules_.empty()) return false;
  if (method == "HEAD") method = "GET";
  const auto segments = split_path(path);
  return std::ranges::any_of(rules_, [&](const Compiled& rule) {
    return (rule.method == "*" || rule.method == method) && rule.path.matches(segments) &&
           std::ranges::none_of(
               rule.except, [&](const PathPattern& pattern) { return pattern.matches(segments); });
  });
}

}  // namespace vestibule::gateway
