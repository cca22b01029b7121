#include "template.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "assets.h"

namespace vestibule::shop {

std::string_view load_asset(std::string_view path) {
  const auto assets = all_assets();
  const auto found = std::ranges::find(assets, path, &Asset::path);
  if (found == assets.end()) throw std::logic_error(fmt::format("no asset {}", path));
  return found->content;
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string fill_template(std::string_view name, std::initializer_list<Field> fields) {
  std::string_view rest = load_asset(fmt::format("pages/{}.html", name));
  std::string filled;
  while (true) {
    const auto open = rest.find("{{");
    filled += rest.substr(0, open);
    if (open == std::string_view::npos) return filled;
    rest.remove_prefix(open + 2);
    const bool is_markup = rest.starts_with('{');
    if (is_markup) rest.remove_prefix(1);
    const auto close = rest.find(is_markup ? "}}}" : "}}");
    const auto field = rest.substr(0, close);
    const auto* value = std::ranges::find(fields, field, &Field::first);
    if (close == std::string_view::npos || value == fields.end())
      throw std::logic_error(fmt::format("pages/{}.html: no value for {}", name, field));
    if (is_markup)
      filled += value->second;
    else
      filled += escape_html(value->second);
    rest.remove_prefix(close + (is_markup ? 3 : 2));
  }
}

}  // namespace vestibule::shop
