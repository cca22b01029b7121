#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"

namespace vestibule::gateway {

/// Writes the plain text of a sealed cookie: fixed-width big-endian integers, and texts after their
/// 16-bit length.
class Packer {
 public:
  /// `format` is the version byte that Unpacker asks for.
  explicit Packer(std::uint8_t format) { bytes_.push_back(static_cast<char>(format)); }
  Packer& u32(std::uint32_t value);
  Packer& time(base::Time value);
  Packer& session(const base::SessionId& id) { return raw(id.view()); }
  /// Throws std::length_error above 65,535 bytes.
  Packer& text(std::string_view value);
  std::string take() { return std::move(bytes_); }

 private:
  Packer& raw(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  std::string bytes_;
};

/// Reads what Packer wrote, in the same order. A read past the end, another version byte or bytes
/// left over make the whole invalid; values read meanwhile are zero or empty.
class Unpacker {
 public:
  Unpacker(std::string_view bytes, std::uint8_t format);
  std::uint32_t u32();
  base::Time time();
  base::SessionId session();
  std::string text();
  /// True if everything was there and nothing is left.
  bool complete() const { return valid_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t count);
  std::string_view rest_;
  bool valid_ = true;
};

}  // namespace vestibule::gateway
