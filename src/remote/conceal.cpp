#include "remote/conceal.h"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <functional>
#include <vector>

#include "base/encoding.h"
#include "base/text.h"

namespace vestibule::remote {
namespace {

constexpr std::string_view mark = "[hidden]";
constexpr std::size_t longest = 200;
constexpr std::size_t longest_read = 4096;

/// What stands between the quotes of a JSON string.
std::string in_json(std::string_view text) {
  auto quoted = boost::json::serialize(boost::json::string(text));
  return quoted.substr(1, quoted.size() - 2);
}

void replace_all(std::string& text, std::string_view value) {
  const auto wanted = base::to_lower_ascii(value);
  if (wanted.empty()) return;
  std::size_t from = 0;
  for (;;) {
    const auto at = base::to_lower_ascii(text).find(wanted, from);
    if (at == std::string::npos) return;
    text.replace(at, wanted.size(), mark);
    from = at + mark.size();
  }
}

bool is_personal(std::string_view word) {
  constexpr std::array<std::string_view, 4> signs{"@", "%40", "\\u0040", "eyJ"};
  return std::ranges::any_of(
      signs, [&](std::string_view sign) { return word.find(sign) != std::string_view::npos; });
}

std::string without_personal_words(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    kept += is_personal(word) ? mark : word;
    if (space == std::string_view::npos) break;
    kept += ' ';
    text.remove_prefix(space + 1);
  }
  return kept;
}

void shorten(std::string& text) {
  if (text.size() <= longest) return;
  auto end = longest;
  const auto continues = [&] { return (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U; };
  while (end > 0 && continues()) --end;
  text.resize(end);
}

}  // namespace

std::string conceal(std::string_view message, std::span<const std::string_view> hidden) {
  // Half of a value would not be recognised, so nothing is cut before all are gone.
  if (message.size() > longest_read) return "[too long]";
  std::string text(message);
  // The longest first: a value may be part of another one.
  std::vector<std::string_view> values(hidden.begin(), hidden.end());
  std::ranges::sort(values, std::ranges::greater{}, &std::string_view::size);
  for (const auto value : values) {
    replace_all(text, value);
    replace_all(text, in_json(value));
    replace_all(text, base::percent_encode(value));
  }
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  text = without_personal_words(text);
  shorten(text);
  return text;
}

}  // namespace vestibule::remote
