#include "http/ip.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include "base/text.h"

namespace vestibule::http {

namespace {

constexpr std::size_t v4_offset = 12;
constexpr std::array<std::uint8_t, v4_offset> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

/// Of a range within the 16 bytes: 96 more for IPv4.
unsigned full_prefix(const IpAddress& address, unsigned prefix) {
  return address.is_v4() ? prefix + 96 : prefix;
}

bool in_range(const IpAddress& address, std::string_view range) {
  return Cidr::parse(range)->contains(address);
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() > 45 || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated(text);
  IpAddress address;
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes_.data()) == 1) return address;
  if (::inet_pton(AF_INET, terminated.c_str(), address.bytes_.data() + v4_offset) == 1) {
    std::ranges::copy(mapped_prefix, address.bytes_.begin());
    return address;
  }
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from_sockaddr(const sockaddr& socket_address) {
  IpAddress address;
  if (socket_address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &socket_address, sizeof v4);
    std::ranges::copy(mapped_prefix, address.bytes_.begin());
    std::memcpy(address.bytes_.data() + v4_offset, &v4.sin_addr, 4);
    return address;
  }
  if (socket_address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &socket_address, sizeof v6);
    std::memcpy(address.bytes_.data(), &v6.sin6_addr, 16);
    return address;
  }
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes_.begin());
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  if (is_v4()) {
    ::inet_ntop(AF_INET, bytes_.data() + v4_offset, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

IpAddress IpAddress::masked(unsigned prefix) const {
  auto result = *this;
  const auto kept = std::min(full_prefix(*this, prefix), 128U);
  for (unsigned bit = kept; bit < 128; ++bit)
    result.bytes_[bit / 8] &= static_cast<std::uint8_t>(~(0x80U >> (bit % 8)));
  return result;
}

base::Result<Cidr> Cidr::parse(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return base::fail(base::ErrorKind::invalid, "cidr",
                      "\"" + std::string(text) + "\" " + std::string(why));
  };
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return wrong("is not an IP address or range");
  const unsigned longest = address->is_v4() ? 32 : 128;
  Cidr range{*address, longest};
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), range.prefix);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() ||
        range.prefix > longest)
      return wrong("has no valid prefix length");
  }
  if (address->masked(range.prefix) != *address) return wrong("has bits set beyond its prefix");
  return range;
}

std::vector<Cidr> Cidr::parse_all(std::span<const std::string> texts) {
  std::vector<Cidr> ranges;
  for (const auto& text : texts) {
    const auto range = parse(text);
    if (!range) throw std::invalid_argument(text + ": " + range.error().message);
    ranges.push_back(*range);
  }
  return ranges;
}

bool Cidr::contains(const IpAddress& address) const {
  return address.is_v4() == network.is_v4() && address.masked(prefix) == network;
}

bool contains(std::span<const Cidr> ranges, const IpAddress& address) {
  return std::ranges::any_of(ranges, [&](const Cidr& range) { return range.contains(address); });
}

bool is_globally_reachable(const IpAddress& address) {
  // IANA IPv4 and IPv6 Special-Purpose Address Registries, and multicast.
  static constexpr std::array special_v4{
      "0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10",   "127.0.0.0/8",     "169.254.0.0/16",
      "172.16.0.0/12",  "192.0.0.0/24",   "192.0.2.0/24",    "192.31.196.0/24", "192.52.193.0/24",
      "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",   "198.51.100.0/24",
      "203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4"};
  // Of IPv6 only 2000::/3 is allocated for global unicast: NAT64, mapped, translated, unique local,
  // link-local and multicast lie outside it. Inside it, these are not reachable or embed IPv4.
  static constexpr std::array special_v6{"2001::/23", "2001:db8::/32", "2002::/16",
                                         "2620:4f:8000::/48", "3fff::/20"};
  const auto lies_in = [&](std::string_view range) { return in_range(address, range); };
  if (address.is_v4()) return std::ranges::none_of(special_v4, lies_in);
  return in_range(address, "2000::/3") && std::ranges::none_of(special_v6, lies_in);
}

IpAddress resolve_client(const IpAddress& peer, std::span<const std::string_view> forwarded_for,
                         std::span<const Cidr> trusted) {
  auto client = peer;
  for (auto field = forwarded_for.rbegin(); field != forwarded_for.rend(); ++field) {
    auto rest = *field;
    for (bool more = true; more;) {
      if (!contains(trusted, client)) return client;
      const auto comma = rest.rfind(',');
      more = comma != std::string_view::npos;
      const auto element = base::trim(more ? rest.substr(comma + 1) : rest);
      rest = rest.substr(0, more ? comma : 0);
      const auto address = IpAddress::parse(element);
      if (!address) return client;
      client = *address;
    }
  }
  return client;
}

}  // namespace vestibule::http
