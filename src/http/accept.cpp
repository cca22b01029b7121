#include "http/accept.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace vestibule::http {
namespace {

struct Range {
  std::string name;  ///< in lower case: a media type, `type/*` or `*/*`
  int weight;        ///< thousandths
};

/// The parts between `separator`s outside quoted strings, trimmed.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  std::size_t start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == separator) {
      parts.push_back(base::trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  parts.push_back(base::trim(text.substr(start)));
  return parts;
}

/// RFC 9110 12.4.2: `0`, `1` or `0.` with up to three digits.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  int place = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (digit < '0' || digit > '9') return std::nullopt;
    weight += (digit - '0') * place;
    place /= 10;
  }
  return weight > 1000 ? std::nullopt : std::optional(weight);
}

std::optional<Range> parse_range(std::string_view text) {
  const auto parts = split(text, ';');
  Range range{base::to_lower_ascii(parts.front()), 1000};
  if (!range.name.contains('/')) return std::nullopt;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (!base::to_lower_ascii(parts[i]).starts_with("q=")) continue;
    const auto weight = parse_weight(parts[i].substr(2));
    if (!weight) return std::nullopt;
    range.weight = *weight;
  }
  return range;
}

std::vector<Range> parse_accept(const HeaderList& headers) {
  std::vector<Range> ranges;
  for (const auto field : headers.find_all("Accept")) {
    for (const auto part : split(field, ',')) {
      if (auto range = parse_range(part)) ranges.push_back(std::move(*range));
    }
  }
  return ranges;
}

int weight_of(const std::vector<Range>& ranges, std::string_view name) {
  const auto found = std::ranges::find(ranges, name, &Range::name);
  return found == ranges.end() ? -1 : found->weight;
}

}  // namespace

bool prefers(const HeaderList& headers, std::string_view special, std::string_view usual) {
  const auto ranges = parse_accept(headers);
  const int asked = weight_of(ranges, special);
  if (asked <= 0) return false;
  const std::string group = std::string(usual.substr(0, usual.find('/'))) + "/*";
  // RFC 9110 12.5.1: the most specific range that matches a type has precedence.
  for (const std::string_view name : {usual, std::string_view(group), std::string_view("*/*")}) {
    if (const int weight = weight_of(ranges, name); weight >= 0) return asked >= weight;
  }
  return true;
}

}  // namespace vestibule::http
