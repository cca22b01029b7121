#include "remote/members.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <chrono>

namespace vestibule::remote {

namespace json = boost::json;

namespace {

/// Digits of a fixed width.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int number = 0;
  const auto* const end = text.data() + at + count;
  const auto [stopped, error] = std::from_chars(text.data() + at, end, number);
  if (error != std::errc() || stopped != end || number < 0) return std::nullopt;
  return number;
}

std::optional<base::Time> parse_time(std::string_view text) {
  constexpr std::string_view shape = "....-..-..T..:..:..";
  if (text.size() <= shape.size() || !text.ends_with('Z')) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] != '.' && shape[i] != text[i]) return std::nullopt;
  }
  const auto year = digits(text, 0, 4);
  const auto month = digits(text, 5, 2);
  const auto day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  auto fraction = std::string(text.substr(shape.size(), text.size() - shape.size() - 1));
  if (!fraction.empty() && !fraction.starts_with('.')) return std::nullopt;
  if (!fraction.empty()) fraction.erase(0, 1);
  fraction.resize(3, '0');
  const auto milliseconds = digits(fraction, 0, 3);
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!milliseconds || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return base::Time{std::chrono::sys_days{date}} + std::chrono::hours{*hour} +
         std::chrono::minutes{*minute} + std::chrono::seconds{*second} +
         base::Milliseconds{*milliseconds};
}

}  // namespace

const json::value* Members::find(std::string_view name) const {
  const auto* value = object_.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string Members::text(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return {};
  if (const auto* text = value->if_string()) return {text->data(), text->size()};
  malformed_ = true;
  return {};
}

bool Members::flag(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return false;
  if (const auto* flag = value->if_bool()) return *flag;
  malformed_ = true;
  return false;
}

std::int64_t Members::integer(std::string_view name) const {
  const auto* value = find(name);
  if (value == nullptr) return 0;
  if (const auto* number = value->if_int64()) return *number;
  malformed_ = true;
  return 0;
}

std::optional<base::Time> Members::time(std::string_view name) const {
  const auto written = text(name);
  if (written.empty()) return std::nullopt;
  const auto time = parse_time(written);
  if (!time) malformed_ = true;
  return time;
}

Members Members::child(std::string_view name) const {
  static const json::object nothing;
  const auto* value = find(name);
  if (value == nullptr) return {nothing, malformed_};
  if (const auto* object = value->if_object()) return {*object, malformed_};
  malformed_ = true;
  return {nothing, malformed_};
}

std::vector<Members> Members::children(std::string_view name) const {
  std::vector<Members> all;
  const auto* value = find(name);
  if (value == nullptr) return all;
  const auto* array = value->if_array();
  if (array == nullptr) {
    malformed_ = true;
    return all;
  }
  for (const auto& element : *array) {
    if (const auto* object = element.if_object()) {
      all.emplace_back(*object, malformed_);
    } else {
      malformed_ = true;
    }
  }
  return all;
}

}  // namespace vestibule::remote
