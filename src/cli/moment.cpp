#include "cli/moment.h"

#include <chrono>

#include "app/config.h"

namespace vestibule::cli {
namespace {

/// Takes exactly `digits` digits off the text.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_sign(std::string_view& text, char sign) {
  if (text.empty() || text.front() != sign) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<base::Time> take_day(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take_sign(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take_sign(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return base::Time{std::chrono::sys_days{date}};
}

std::optional<base::Milliseconds> take_fraction(std::string_view& text) {
  int value = 0;
  int digits = 0;
  for (; digits < 3 && !text.empty() && text.front() != 'Z'; ++digits) {
    const auto digit = take_number(text, 1);
    if (!digit) return std::nullopt;
    value = value * 10 + *digit;
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) value *= 10;
  return base::Milliseconds{value};
}

std::optional<base::Milliseconds> take_time_of_day(std::string_view& text) {
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take_sign(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59 || !take_sign(text, ':')) return std::nullopt;
  const auto seconds = take_number(text, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  base::Milliseconds time =
      std::chrono::hours(*hours) + std::chrono::minutes(*minutes) + std::chrono::seconds(*seconds);
  if (take_sign(text, '.')) {
    const auto fraction = take_fraction(text);
    if (!fraction) return std::nullopt;
    time += *fraction;
  }
  if (!take_sign(text, 'Z')) return std::nullopt;
  return time;
}

}  // namespace

std::optional<base::Time> parse_moment(std::string_view text, base::Time now) {
  if (const auto ago = app::parse_duration(text)) return now - *ago;
  const auto day = take_day(text);
  if (!day || text.empty()) return day;
  if (!take_sign(text, 'T')) return std::nullopt;
  const auto time = take_time_of_day(text);
  if (!time || !text.empty()) return std::nullopt;
  return *day + *time;
}

}  // namespace vestibule::cli
