#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "http/wire.h"

namespace vestibule::http {

/// Takes a message's body out of the bytes of its connection, by its framing.
class BodyDecoder {
 public:
  BodyDecoder() = default;
  explicit BodyDecoder(Framing framing) : framing_(framing), remaining_(framing.length) {}

  /// Consumes from `input` (not empty) and returns at most one piece of data. Only while !done().
  std::expected<ChunkDecoder::Step, WireError> take(std::string_view input);
  bool done() const;
  Framing::Kind kind() const { return framing_.kind; }
  /// Bytes to come, for a body with a length.
  std::uint64_t remaining() const { return remaining_; }

 private:
  Framing framing_;
  std::uint64_t remaining_ = 0;
  ChunkDecoder chunks_;
};

}  // namespace vestibule::http
