#include "http/body.h"

#include <algorithm>

namespace vestibule::http {

std::expected<ChunkDecoder::Step, WireError> BodyDecoder::take(std::string_view input) {
  switch (framing_.kind) {
    case Framing::Kind::chunked:
      return chunks_.feed(input);
    case Framing::Kind::length: {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
      remaining_ -= size;
      return ChunkDecoder::Step{size, input.substr(0, size)};
    }
    case Framing::Kind::until_close:
      return ChunkDecoder::Step{input.size(), input};
    case Framing::Kind::none:
      break;
  }
  return ChunkDecoder::Step{};
}

bool BodyDecoder::done() const {
  switch (framing_.kind) {
    case Framing::Kind::chunked:
      return chunks_.done();
    case Framing::Kind::length:
      return remaining_ == 0;
    case Framing::Kind::until_close:
      return false;
    case Framing::Kind::none:
      break;
  }
  return true;
}

}  // namespace vestibule::http
