// A chunked body decodes to the same bytes, or is refused, however it arrives in pieces.
#include <optional>

#include "fuzz.h"
#include "http/wire.h"

namespace vestibule::fuzz {
namespace {

struct Decoded {
  std::string data;
  std::size_t consumed = 0;
  bool done = false;
  bool operator==(const Decoded&) const = default;
};

std::optional<Decoded> decode(std::string_view input, std::size_t piece) {
  http::ChunkDecoder decoder;
  Decoded out;
  while (out.consumed < input.size() && !decoder.done()) {
    const auto rest = input.substr(out.consumed, piece);
    const auto step = decoder.feed(rest);
    if (!step) return std::nullopt;
    require(step->consumed > 0 && step->consumed <= rest.size(), "each call goes on");
    require(step->data.size() <= step->consumed, "data are part of what was consumed");
    out.consumed += step->consumed;
    out.data += step->data;
  }
  out.done = decoder.done();
  return out;
}

void round_trip(std::string_view data) {
  std::string coded;
  constexpr std::size_t piece = 13;
  for (std::size_t at = 0; at < data.size(); at += piece) {
    const auto part = data.substr(at, piece);
    http::append_chunk_size(coded, part.size());
    coded += part;
    coded += "\r\n";
  }
  coded += "0\r\n\r\n";
  const auto decoded = decode(coded, coded.size());
  require(decoded && decoded->done && decoded->data == data, "what was chunked comes out again");
}

}  // namespace

void run(std::string_view input) {
  const auto whole = decode(input, input.size());
  require(whole == decode(input, 1), "single bytes make no difference");
  require(whole == decode(input, 5), "pieces make no difference");
  round_trip(input);
}

}  // namespace vestibule::fuzz
