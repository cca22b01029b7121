#include "accounts/claim_syntax.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>

#include "base/text.h"

namespace vestibule::accounts::claim_syntax {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool has_length(std::string_view text, std::size_t most) {
  const auto length = base::count_code_points(text);
  return length && *length > 0 && *length <= most;
}

std::optional<int> to_number(std::string_view digits) {
  if (!std::ranges::all_of(digits, is_digit)) return std::nullopt;
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

/// Calls `judge` with each piece between separators; true if there is one and all are good.
template <class Judge>
bool every_piece(std::string_view text, char separator, Judge judge) {
  while (true) {
    const auto end = text.find(separator);
    if (!judge(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

bool is_line(std::string_view text) {
  return has_length(text, 200) && !base::has_control_character(text);
}

bool is_text(std::string_view text) {
  return has_length(text, 1000) && every_piece(text, '\n', [](std::string_view line) {
           if (line.ends_with('\r')) line.remove_suffix(1);
           return !base::has_control_character(line);
         });
}

bool is_web_url(std::string_view text) {
  if (text.size() > 2000) return false;
  const bool clean = std::ranges::all_of(text, [](char c) {
    return c > ' ' && c <= '~' && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
  });
  if (!clean) return false;
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    const auto host =
        text.substr(scheme.size(), text.find_first_of("/?#", scheme.size()) - scheme.size());
    return !host.empty() && host.find('@') == std::string_view::npos;
  }
  return false;
}

bool is_birthdate(std::string_view text) {
  if (text.size() == 4) return to_number(text).has_value();
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const auto year = to_number(text.substr(0, 4));
  const auto month = to_number(text.substr(5, 2));
  const auto day = to_number(text.substr(8, 2));
  if (!year || !month || !day) return false;
  // The year 0000 stands for none, and was a leap year.
  return std::chrono::year_month_day{std::chrono::year{*year},
                                     std::chrono::month{static_cast<unsigned>(*month)},
                                     std::chrono::day{static_cast<unsigned>(*day)}}
      .ok();
}

bool is_zone(std::string_view text) {
  return text.size() <= 64 && every_piece(text, '/', [](std::string_view piece) {
           return !piece.empty() && std::ranges::all_of(piece, [](char c) {
             return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '+';
           });
         });
}

bool is_language(std::string_view text) {
  const auto first = text.substr(0, text.find('-'));
  return text.size() <= 35 && first.size() >= 2 && std::ranges::all_of(first, is_letter) &&
         every_piece(text, '-', [](std::string_view piece) {
           return !piece.empty() && piece.size() <= 8 &&
                  std::ranges::all_of(piece, [](char c) { return is_letter(c) || is_digit(c); });
         });
}

bool is_phone_number(std::string_view text) {
  if (!text.starts_with('+')) return false;
  const auto semicolon = text.find(';');
  const auto number =
      text.substr(1, semicolon == std::string_view::npos ? semicolon : semicolon - 1);
  const auto digits = std::ranges::count_if(number, is_digit);
  if (digits < 3 || digits > 15 || number.size() > 30) return false;
  if (!std::ranges::all_of(number, [](char c) {
        return is_digit(c) || std::string_view(" -.()").find(c) != std::string_view::npos;
      })) {
    return false;
  }
  if (semicolon == std::string_view::npos) return true;
  const auto extension = text.substr(semicolon);
  constexpr std::string_view prefix = ";ext=";
  const auto value = extension.substr(std::min(prefix.size(), extension.size()));
  return extension.starts_with(prefix) && !value.empty() && value.size() <= 10 &&
         std::ranges::all_of(value, is_digit);
}

}  // namespace vestibule::accounts::claim_syntax
