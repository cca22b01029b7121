#include "oauth/uri.h"

#include <algorithm>
#include <vector>

#include "base/ids.h"
#include "base/text.h"

namespace vestibule::oauth {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The value of a hexadecimal digit; -1 for any other character.
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const int letter = (c | 0x20) - 'a';
  return letter >= 0 && letter < 6 && is_letter(c) ? letter + 10 : -1;
}

bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// RFC 3986 2: the characters of a URI but `#`, and whole percent-encodings.
bool has_only_uri_characters(std::string_view uri) {
  constexpr std::string_view marks = ":/?[]@!$&'()*+,;=";
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (uri[i] == '%') {
      if (i + 2 >= uri.size() || hex_value(uri[i + 1]) < 0 || hex_value(uri[i + 2]) < 0) {
        return false;
      }
    } else if (!is_unreserved(uri[i]) && !marks.contains(uri[i])) {
      return false;
    }
  }
  return true;
}

/// RFC 3986 6.2.2.1, 6.2.2.2: capitals in escapes, and no escape of an unreserved character.
std::string normalized_escapes(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int value = hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]);
    if (const char c = static_cast<char>(value); value < 0x80 && is_unreserved(c)) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<std::size_t>(value / 16)];
      out += digits[static_cast<std::size_t>(value % 16)];
    }
    i += 2;
  }
  return out;
}

/// RFC 3986 5.2.4 for an absolute path.
std::string without_dot_segments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool open_end = true;
  for (std::size_t at = 1; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto segment = path.substr(at, end - at);
    open_end = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!open_end) kept.push_back(segment);
    at = end + 1;
  }
  std::string out;
  for (const auto segment : kept) out.append("/").append(segment);
  if (open_end) out += '/';
  return out;
}

/// `host[:port]` in lower case and without the port that the scheme has anyway.
std::optional<std::string> normalized_authority(std::string_view authority, bool secure) {
  if (authority.contains('@')) return std::nullopt;
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const auto host = authority.substr(0, colon);
  if (host.empty()) return std::nullopt;
  std::string out = base::to_lower_ascii(normalized_escapes(host));
  if (colon == std::string_view::npos || colon + 1 == authority.size()) return out;
  const auto port = base::from_decimal(authority.substr(colon + 1));
  if (!port || *port < 1 || *port > 65'535) return std::nullopt;
  if (*port != (secure ? 443 : 80)) out.append(":").append(base::to_decimal(*port));
  return out;
}

}  // namespace

bool is_absolute_uri(std::string_view uri) {
  const auto colon = uri.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == uri.size()) return false;
  return is_letter(uri[0]) && has_only_uri_characters(uri) &&
         std::ranges::all_of(uri.substr(0, colon), [](char c) {
           return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

std::optional<std::string> normalized_target(std::string_view uri) {
  uri = uri.substr(0, uri.find_first_of("?#"));
  if (!has_only_uri_characters(uri)) return std::nullopt;
  const auto separator = uri.find("://");
  if (separator == std::string_view::npos) return std::nullopt;
  const auto scheme = base::to_lower_ascii(uri.substr(0, separator));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  const auto rest = uri.substr(separator + 3);
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto authority = normalized_authority(rest.substr(0, slash), scheme == "https");
  if (!authority) return std::nullopt;
  const auto path = rest.substr(slash);
  // RFC 3986 6.2.3: an empty path is `/`.
  return scheme + "://" + *authority +
         without_dot_segments(path.empty() ? "/" : normalized_escapes(path));
}

}  // namespace vestibule::oauth
