#include "base/ids.h"

#include <charconv>
#include <cstring>

#include "base/encoding.h"

namespace vestibule::base {
namespace {

// 2020-01-01T00:00:00Z in milliseconds; 41 bits last until 2089.
constexpr std::int64_t id_epoch = 1'577'836'800'000;

}  // namespace

std::string to_decimal(std::int64_t value) {
  return std::to_string(value);
}

std::optional<std::int64_t> from_decimal(std::string_view text) {
  if (text.empty() || text.size() > 19 || (text.size() > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 ||
      text.front() == '-') {
    return std::nullopt;
  }
  return value;
}

Uuid Uuid::make(Time now, Random& random) {
  Uuid id;
  random.fill(id.bytes);
  const auto ms = static_cast<std::uint64_t>(to_milliseconds(now));
  for (unsigned i = 0; i < 6; ++i) {
    id.bytes[i] = static_cast<std::uint8_t>(ms >> (40U - 8U * i));
  }
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0fU) | 0x70U);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3fU) | 0x80U);
  return id;
}

std::optional<Uuid> Uuid::from_bytes(std::string_view sixteen) {
  Uuid id;
  if (sixteen.size() != id.bytes.size()) return std::nullopt;
  std::memcpy(id.bytes.data(), sixteen.data(), sixteen.size());
  return id;
}

std::optional<Uuid> Uuid::from_token(std::string_view text) {
  const auto decoded = from_base64url(text);
  if (!decoded) return std::nullopt;
  return from_bytes(*decoded);
}

std::string Uuid::token() const {
  return to_base64url(view());
}

Time Uuid::time() const {
  std::uint64_t ms = 0;
  for (unsigned i = 0; i < 6; ++i) ms = (ms << 8U) | bytes[i];
  return from_milliseconds(static_cast<std::int64_t>(ms));
}

UserId compose_user_id(const UserIdParts& parts) {
  const auto ms = static_cast<std::uint64_t>(to_milliseconds(parts.time) - id_epoch);
  return UserId{static_cast<std::int64_t>((ms << 22U) | ((parts.cell & 1023U) << 12U) |
                                          (parts.sequence & 4095U))};
}

UserIdParts decompose(UserId id) {
  const auto bits = static_cast<std::uint64_t>(id.value);
  return {from_milliseconds(static_cast<std::int64_t>(bits >> 22U) + id_epoch),
          static_cast<unsigned>((bits >> 12U) & 1023U), static_cast<unsigned>(bits & 4095U)};
}

}  // namespace vestibule::base
