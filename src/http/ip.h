#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace vestibule::http {

/// An IPv4 or IPv6 address without zone. IPv4 is kept as ::ffff:a.b.c.d, so that a peer of a
/// dual-stack listener and the same peer of an IPv4 listener compare equal.
class IpAddress {
 public:
  /// The unspecified address `::`, which stands for "not known".
  IpAddress() = default;

  /// Accepts dotted decimal and RFC 4291 text without zone, brackets or port.
  static std::optional<IpAddress> parse(std::string_view text);
  /// From AF_INET or AF_INET6; nullopt for any other family.
  static std::optional<IpAddress> from_sockaddr(const sockaddr& address);

  bool is_v4() const;
  bool is_unspecified() const { return *this == IpAddress{}; }
  /// Dotted decimal or RFC 5952 text.
  std::string to_string() const;
  /// The address with all but the first `prefix` bits cleared; `prefix` counts from the start of
  /// the family's own address (32 bits for IPv4, 128 for IPv6).
  IpAddress masked(unsigned prefix) const;
  std::span<const std::uint8_t, 16> bytes() const { return bytes_; }

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

/// An address range in CIDR notation (RFC 4632). A bare address is the range of one.
struct Cidr {
  IpAddress network;
  unsigned prefix = 0;

  /// Refuses (`invalid`, reason `cidr`) what is not an address or a range, a prefix that is too
  /// long, and a range with host bits set: `10.0.0.1/8` is more likely a mistake than a wish.
  static base::Result<Cidr> parse(std::string_view text);
  /// All of a list. Throws std::invalid_argument: for configuration, which has been checked.
  static std::vector<Cidr> parse_all(std::span<const std::string> texts);
  bool contains(const IpAddress& address) const;
  bool operator==(const Cidr&) const = default;
};

bool contains(std::span<const Cidr> ranges, const IpAddress& address);

/// True for addresses that an outgoing call to somebody else's URL may go to: globally reachable
/// unicast by the IANA special-purpose registries (RFC 6890). Private, loopback, link-local,
/// shared, documentation, benchmark, multicast, mapped-in-IPv6, NAT64, 6to4 and Teredo are not.
bool is_globally_reachable(const IpAddress& address);

/// The client's address behind proxies: the right-most element of the X-Forwarded-For fields (in
/// order of appearance) that is not in `trusted`, if the peer itself is trusted; the peer
/// otherwise. An element that is not an address ends the search at the address to its right. If
/// all are trusted, the left-most.
IpAddress resolve_client(const IpAddress& peer, std::span<const std::string_view> forwarded_for,
                         std::span<const Cidr> trusted);

}  // namespace vestibule::http
