#include "gateway/pack.h"

#include <limits>
#include <stdexcept>

namespace vestibule::gateway {

namespace {

void append(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((value >> shift) & 0xff));
}

std::uint64_t number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

Packer& Packer::u32(std::uint32_t value) {
  append(bytes_, value, 4);
  return *this;
}

Packer& Packer::time(base::Time value) {
  append(bytes_, static_cast<std::uint64_t>(base::to_milliseconds(value)), 8);
  return *this;
}

Packer& Packer::text(std::string_view value) {
  if (value.size() > std::numeric_limits<std::uint16_t>::max())
    throw std::length_error("a text is too long for a sealed cookie");
  append(bytes_, value.size(), 2);
  return raw(value);
}

Unpacker::Unpacker(std::string_view bytes, std::uint8_t format) : rest_(bytes) {
  const auto version = take(1);
  if (version.empty() || static_cast<std::uint8_t>(version[0]) != format) valid_ = false;
}

std::string_view Unpacker::take(std::size_t count) {
  if (!valid_ || rest_.size() < count) {
    valid_ = false;
    return {};
  }
  const auto taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

std::uint32_t Unpacker::u32() {
  return static_cast<std::uint32_t>(number(take(4)));
}

base::Time Unpacker::time() {
  return base::from_milliseconds(static_cast<std::int64_t>(number(take(8))));
}

base::SessionId Unpacker::session() {
  const auto id = base::Uuid::from_bytes(take(16));
  return id ? base::SessionId{*id} : base::SessionId{};
}

std::string Unpacker::text() {
  const auto size = number(take(2));
  return std::string(take(size));
}

}  // namespace vestibule::gateway
