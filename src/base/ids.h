#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"

namespace vestibule::base {

/// A strong 63-bit id. Its decimal spelling is what leaves the process.
template <class Tag>
struct Id {
  std::int64_t value = 0;
  auto operator<=>(const Id&) const = default;
};

/// A user's internal id: 41 bits of milliseconds since 2020-01-01, 10 bits of cell, 12 bits of
/// sequence. Its decimal is the `sub` unless the creator chose another (accounts/directory.h).
using UserId = Id<struct UserTag>;
using OrganizationId = Id<struct OrganizationTag>;
/// An OAuth client's id; its decimal is the `client_id`.
using ClientId = Id<struct ClientTag>;
using MergeId = Id<struct MergeTag>;
using EventId = Id<struct EventTag>;

/// Decimal without sign or leading zeros.
std::string to_decimal(std::int64_t value);
/// Accepts exactly what to_decimal writes for 0 … 2^63-1.
std::optional<std::int64_t> from_decimal(std::string_view text);

template <class Tag>
std::string to_string(Id<Tag> id) {
  return to_decimal(id.value);
}
template <class IdType>
std::optional<IdType> parse_id(std::string_view text) {
  if (const auto value = from_decimal(text)) return IdType{*value};
  return std::nullopt;
}

/// A UUID of version 7 (RFC 9562 section 5.7): time-ordered, so that rows keyed by it append, with
/// 74 random bits. Binary is 16 bytes; its token spelling is 22 characters of base64url.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Uuid&) const = default;

  static Uuid make(Time now, Random& random);
  static std::optional<Uuid> from_bytes(std::string_view sixteen);
  static std::optional<Uuid> from_token(std::string_view text);
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string token() const;
  Time time() const;
};

/// Names a session: of a browser at the gateway, or of one at the provider. Also the `sid` claim.
struct SessionId : Uuid {
  auto operator<=>(const SessionId&) const = default;
};

/// The layout of a UserId.
struct UserIdParts {
  Time time;              ///< when the block that the id comes from was reserved
  unsigned cell = 0;      ///< 0 … 1023
  unsigned sequence = 0;  ///< 0 … 4095
};
UserId compose_user_id(const UserIdParts& parts);
UserIdParts decompose(UserId id);

}  // namespace vestibule::base

template <class Tag>
struct std::hash<vestibule::base::Id<Tag>> {
  std::size_t operator()(vestibule::base::Id<Tag> id) const noexcept {
    return std::hash<std::int64_t>{}(id.value);
  }
};
template <>
struct std::hash<vestibule::base::SessionId> {
  std::size_t operator()(const vestibule::base::SessionId& id) const noexcept {
    return std::hash<std::string_view>{}(id.view());
  }
};
