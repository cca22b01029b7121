#include "zitadel/timestamp.h"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace vestibule::zitadel {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Whether `text` has a digit wherever `shape` has a d, and the same character elsewhere.
bool has_shape(std::string_view text, std::string_view shape) {
  return text.size() == shape.size() && std::ranges::equal(text, shape, [](char c, char s) {
           return s == 'd' ? is_digit(c) : c == s;
         });
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

/// Takes `.123456789` off the front; nullopt for a point without one to nine digits.
std::optional<base::Milliseconds> take_fraction(std::string_view& text) {
  constexpr std::size_t most_digits = 9;
  if (!text.starts_with('.')) return base::Milliseconds{0};
  const auto end = std::ranges::find_if_not(text.substr(1), is_digit);
  const auto digits = static_cast<std::size_t>(end - text.begin()) - 1;
  if (digits == 0 || digits > most_digits) return std::nullopt;
  int milliseconds = 0;
  for (std::size_t i = 1; i <= 3; ++i) {
    milliseconds = milliseconds * 10 + (i <= digits ? text[i] - '0' : 0);
  }
  text.remove_prefix(digits + 1);
  return base::Milliseconds{milliseconds};
}

/// `Z`, `+hh:mm` or `-hh:mm`.
std::optional<std::chrono::minutes> read_offset(std::string_view text) {
  if (text == "Z") return std::chrono::minutes{0};
  if (!has_shape(text, "+dd:dd") && !has_shape(text, "-dd:dd")) return std::nullopt;
  const int hours = number(text.substr(1, 2));
  const int minutes = number(text.substr(4, 2));
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{hours * 60 + minutes};
  return text.front() == '-' ? -offset : offset;
}

}  // namespace

std::optional<base::Time> parse_timestamp(std::string_view text) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size() || !has_shape(text.substr(0, shape.size()), shape)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day day{
      std::chrono::year{number(text.substr(0, 4))},
      std::chrono::month{static_cast<unsigned>(number(text.substr(5, 2)))},
      std::chrono::day{static_cast<unsigned>(number(text.substr(8, 2)))}};
  const int hours = number(text.substr(11, 2));
  const int minutes = number(text.substr(14, 2));
  const int seconds = number(text.substr(17, 2));
  if (!day.ok() || day.year() < std::chrono::year{1} || hours > 23 || minutes > 59 ||
      seconds > 59) {
    return std::nullopt;
  }
  text.remove_prefix(shape.size());
  const auto fraction = take_fraction(text);
  const auto offset = read_offset(text);
  if (!fraction || !offset) return std::nullopt;
  return std::chrono::sys_days{day} + std::chrono::hours{hours} + std::chrono::minutes{minutes} +
         std::chrono::seconds{seconds} + *fraction - *offset;
}

}  // namespace vestibule::zitadel
