#include "base/text.h"

#include <algorithm>

namespace vestibule::base {

std::optional<std::size_t> count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t length = 0;
    unsigned value = 0;
    unsigned smallest = 0;
    if (lead < 0x80U) {
      length = 1;
      value = lead;
    } else if ((lead & 0xe0U) == 0xc0U) {
      length = 2;
      value = lead & 0x1fU;
      smallest = 0x80U;
    } else if ((lead & 0xf0U) == 0xe0U) {
      length = 3;
      value = lead & 0x0fU;
      smallest = 0x800U;
    } else if ((lead & 0xf8U) == 0xf0U) {
      length = 4;
      value = lead & 0x07U;
      smallest = 0x10000U;
    } else {
      return std::nullopt;
    }
    if (i + length > text.size()) return std::nullopt;
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80U) return std::nullopt;
      value = (value << 6U) | (next & 0x3fU);
    }
    if (value < smallest || value > 0x10ffffU || (value >= 0xd800U && value <= 0xdfffU)) {
      return std::nullopt;
    }
    i += length;
  }
  return count;
}

std::string to_lower_ascii(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

bool has_control_character(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20U || byte == 0x7fU;
  });
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<std::string> email_key(std::string_view address) {
  const auto at = address.rfind('@');
  if (address.size() > 254 || at == std::string_view::npos || at == 0 || at > 64 ||
      at + 1 == address.size() || !count_code_points(address)) {
    return std::nullopt;
  }
  const auto local = address.substr(0, at);
  const auto domain = address.substr(at + 1);
  const auto dots_are_sound = [](std::string_view part) {
    return part.front() != '.' && part.back() != '.' && part.find("..") == std::string_view::npos;
  };
  if (local.find_first_of(" \"(),:;<>@[\\]\t\r\n") != std::string_view::npos ||
      has_control_character(local) || !dots_are_sound(local) || !dots_are_sound(domain)) {
    return std::nullopt;
  }
  const bool domain_is_sound = std::ranges::all_of(domain, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || byte >= 0x80U;
  });
  if (!domain_is_sound) return std::nullopt;
  return to_lower_ascii(address);
}

}  // namespace vestibule::base
