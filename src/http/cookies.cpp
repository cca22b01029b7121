#include "http/cookies.h"

#include <algorithm>
#include <stdexcept>

namespace vestibule::http {

namespace {

constexpr std::size_t longest_cookie = 4096;

/// RFC 6265 4.1.1: cookie-octet, without the quotes that would have to be taken off again.
bool valid_cookie_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
  });
}

bool valid_path(std::string_view path) {
  return path.starts_with('/') &&
         std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7f && c != ';'; });
}

template <class Visit>
void for_each_pair(std::string_view field, Visit visit) {
  for (;;) {
    const auto end = field.find(';');
    auto pair = field.substr(0, end);
    while (!pair.empty() && (pair.front() == ' ' || pair.front() == '\t')) pair.remove_prefix(1);
    while (!pair.empty() && (pair.back() == ' ' || pair.back() == '\t')) pair.remove_suffix(1);
    if (!pair.empty()) visit(pair);
    if (end == std::string_view::npos) return;
    field.remove_prefix(end + 1);
  }
}

/// A pair without `=` is a value with an empty name (RFC 6265bis section 5.6).
std::string_view name_of(std::string_view pair) {
  const auto equals = pair.find('=');
  return equals == std::string_view::npos ? std::string_view{} : pair.substr(0, equals);
}

}  // namespace

Cookies::Cookies(const HeaderList& headers) {
  for (const auto field : headers.find_all("Cookie")) {
    for_each_pair(field, [&](std::string_view pair) {
      const auto equals = pair.find('=');
      const auto value = equals == std::string_view::npos ? pair : pair.substr(equals + 1);
      cookies_.emplace_back(name_of(pair), value);
    });
  }
}

CookieLookup Cookies::find(std::string_view name) const {
  CookieLookup found;
  for (const auto& [key, value] : cookies_) {
    if (key != name) continue;
    if (found.single()) return {CookieLookup::State::duplicated, {}};
    found = {CookieLookup::State::single, value};
  }
  return found;
}

std::string without_cookies(const HeaderList& headers, const std::vector<std::string>& names) {
  std::string kept;
  for (const auto field : headers.find_all("Cookie")) {
    for_each_pair(field, [&](std::string_view pair) {
      // White space around the name, and the `=` of a cookie without a name before it, are taken
      // off as an upstream might, so that no spelling of ours gets through.
      auto named = pair;
      named.remove_prefix(std::min(named.find_first_not_of("= \t"), named.size()));
      auto name = name_of(named);
      while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
      if (std::ranges::find(names, name) != names.end()) return;
      if (!kept.empty()) kept += "; ";
      kept += pair;
    });
  }
  return kept;
}

SetCookie SetCookie::deletion() const {
  auto cookie = *this;
  cookie.value.clear();
  cookie.max_age = std::chrono::seconds(0);
  return cookie;
}

std::string SetCookie::to_string() const {
  const auto refuse = [this](std::string_view why) {
    throw std::invalid_argument("cookie " + name + ": " + std::string(why));
  };
  if (!valid_field_name(name)) throw std::invalid_argument("a cookie with a malformed name");
  if (!valid_cookie_value(value)) refuse("the value has characters that a cookie cannot carry");
  if (name.size() + value.size() > longest_cookie) refuse("longer than browsers keep");
  if (!valid_path(path)) refuse("malformed path");
  if (name.starts_with("__Host-") && (scheme != CookieScheme::https || path != "/"))
    refuse("a __Host- cookie is Secure with Path=/");
  if (name.starts_with("__Secure-") && scheme != CookieScheme::https)
    refuse("a __Secure- cookie is Secure");
  if (same_site == SameSite::none && scheme != CookieScheme::https)
    refuse("SameSite=None needs Secure");

  std::string text = name + "=" + value + "; Path=" + path;
  if (max_age) text += "; Max-Age=" + std::to_string(max_age->count());
  if (scheme == CookieScheme::https) text += "; Secure";
  if (script_access == ScriptAccess::refused) text += "; HttpOnly";
  switch (same_site) {
    case SameSite::strict:
      return text + "; SameSite=Strict";
    case SameSite::lax:
      return text + "; SameSite=Lax";
    case SameSite::none:
      return text + "; SameSite=None";
  }
  return text;
}

}  // namespace vestibule::http
