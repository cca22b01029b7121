#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "app/config.h"
#include "base/text.h"
#include "http/ip.h"

namespace vestibule::app {

std::optional<base::Seconds> parse_duration(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || value < 0 || value > 4'000'000'000) return std::nullopt;
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (unit.empty() || unit == "s") return base::Seconds{value};
  if (unit == "m") return base::Seconds{value * 60};
  if (unit == "h") return base::Seconds{value * 3600};
  if (unit == "d") return base::Seconds{value * 24 * 3600};
  return std::nullopt;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.front() == '[') {
    if (host.back() != ']') return std::nullopt;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto port = text.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || host.empty()) {
    return std::nullopt;
  }
  return HostPort{std::string(host), number};
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  static const http::Cidr loopback = http::Cidr::parse("127.0.0.0/8").value();
  const auto address = http::IpAddress::parse(host);
  return address && (address->to_string() == "::1" || loopback.contains(*address));
}

std::optional<UrlParts> parse_url(std::string_view url) {
  const auto parsed =
      boost::urls::parse_absolute_uri(boost::urls::string_view(url.data(), url.size()));
  if (!parsed) return std::nullopt;
  UrlParts parts;
  parts.scheme = base::to_lower_ascii(std::string(parsed->scheme()));
  if ((parts.scheme != "http" && parts.scheme != "https") || parsed->has_userinfo() ||
      parsed->has_query() || parsed->host().empty() ||
      // RFC 3986 3.2.2 lets names be escaped; no browser writes an origin so.
      parsed->encoded_host().contains('%')) {
    return std::nullopt;
  }
  const bool bracketed = parsed->host_type() == boost::urls::host_type::ipv6;
  parts.host = base::to_lower_ascii(parsed->host_address());
  const std::uint16_t usual = parts.scheme == "https" ? 443 : 80;
  parts.port = parsed->has_port() ? parsed->port_number() : usual;
  if (parts.port == 0) return std::nullopt;
  parts.path = std::string(parsed->encoded_path());
  // Boost 1.81 reads `a:443b` as port 443 and path `b`.
  if (!parts.path.empty() && !parts.path.starts_with('/')) return std::nullopt;
  while (parts.path.ends_with('/')) parts.path.pop_back();
  parts.authority = bracketed ? "[" + parts.host + "]" : parts.host;
  if (parts.port != usual) parts.authority += ":" + std::to_string(parts.port);
  return parts;
}

}  // namespace vestibule::app
