#include "accounts/user.h"

#include <fmt/format.h>

#include <charconv>

namespace vestibule::accounts {
namespace {

constexpr std::size_t tag_size = guest_tag_prefix.size() + 8;

std::optional<unsigned> two_digits(std::string_view text) {
  if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return std::nullopt;
  return static_cast<unsigned>((text[0] - '0') * 10 + (text[1] - '0'));
}

}  // namespace

std::string GuestDay::tag() const {
  const std::chrono::year_month_day date{day};
  return fmt::format("{}{:02}_{:02}_{:02}", guest_tag_prefix, static_cast<int>(date.year()) % 100,
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::optional<GuestDay> GuestDay::from_tag(std::string_view key) {
  if (key.size() != tag_size || !key.starts_with(guest_tag_prefix)) return std::nullopt;
  const auto digits = key.substr(guest_tag_prefix.size());
  if (digits[2] != '_' || digits[5] != '_') return std::nullopt;
  const auto year = two_digits(digits.substr(0, 2));
  const auto month = two_digits(digits.substr(3, 2));
  const auto day_of_month = two_digits(digits.substr(6, 2));
  if (!year || !month || !day_of_month) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{2000 + static_cast<int>(*year)},
                                         std::chrono::month{*month},
                                         std::chrono::day{*day_of_month}};
  if (!date.ok()) return std::nullopt;
  return GuestDay{std::chrono::sys_days{date}};
}

std::string User::full_name() const {
  if (display_name && !display_name->empty()) return *display_name;
  std::string name = given_name.value_or("");
  if (family_name && !family_name->empty()) {
    if (!name.empty()) name += ' ';
    name += *family_name;
  }
  return name;
}

std::string User::preferred_username() const {
  if (username) return *username;
  if (email) return *email;
  return "guest-" + subject();
}

}  // namespace vestibule::accounts
