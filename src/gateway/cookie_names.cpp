#include "gateway/cookie_names.h"

#include "http/ip.h"

namespace vestibule::gateway {

namespace {

bool is_loopback_host(std::string_view authority) {
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    return authority.substr(0, end) == "[::1";
  }
  const auto host = authority.substr(0, authority.rfind(':'));
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  const auto address = http::IpAddress::parse(host);
  return address && address->is_v4() && address->masked(8).to_string() == "127.0.0.0";
}

}  // namespace

std::string_view authority_of(std::string_view origin) {
  const auto at = origin.find("://");
  return at == std::string_view::npos ? std::string_view{} : origin.substr(at + 3);
}

std::string origin_of(std::string_view url) {
  const auto authority = url.find("://");
  if (authority == std::string_view::npos) return {};
  return std::string(url.substr(0, url.find_first_of("/?#", authority + 3)));
}

base::Result<CookieNames> CookieNames::for_origin(std::string_view public_origin) {
  const auto refuse = [&](std::string why) {
    return base::fail(
        base::ErrorKind::invalid, "public_origin",
        "the application's public URL '" + std::string(public_origin) + "' " + std::move(why));
  };
  const auto authority = authority_of(public_origin);
  if (authority.empty() || authority.find_first_of("/?#@ ") != std::string_view::npos)
    return refuse("has to be scheme://host[:port] without a path");
  CookieNames names;
  std::string prefix = "__Host-";
  if (public_origin.starts_with("http://")) {
    if (!is_loopback_host(authority))
      return refuse("is plain http; beyond loopback it has to be https");
    names.scheme = http::CookieScheme::plain;
    prefix.clear();
  } else if (!public_origin.starts_with("https://")) {
    return refuse("has to start with https:// or http://");
  }
  names.session = prefix + "vestibule";
  names.refresh = prefix + "vestibule-refresh";
  names.ticket = prefix + "vestibule-ticket";
  names.login = prefix + "vestibule-login";
  names.choice = prefix + "vestibule-choice";
  return names;
}

http::SetCookie CookieNames::make(const std::string& name, std::string value,
                                  std::optional<std::chrono::seconds> max_age) const {
  http::SetCookie cookie;
  cookie.name = name;
  cookie.value = std::move(value);
  cookie.max_age = max_age;
  cookie.scheme = scheme;
  return cookie;
}

}  // namespace vestibule::gateway
