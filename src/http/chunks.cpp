#include <algorithm>
#include <charconv>

#include "http/wire.h"

namespace vestibule::http {

namespace {

constexpr std::size_t max_size_line = 1024;
constexpr std::size_t max_trailers = 8 * 1024;
/// 60 bits: far above any body, far below overflow.
constexpr unsigned max_digits = 15;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool field_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

std::expected<ChunkDecoder::Step, WireError> ChunkDecoder::feed(std::string_view input) {
  Step step;
  while (step.consumed < input.size() && state_ != State::done) {
    if (state_ == State::data) {
      const auto size = std::min<std::uint64_t>(remaining_, input.size() - step.consumed);
      step.data = input.substr(step.consumed, static_cast<std::size_t>(size));
      step.consumed += step.data.size();
      remaining_ -= size;
      if (remaining_ == 0) state_ = State::data_cr;
      return step;
    }
    if (!take(input[step.consumed])) return std::unexpected(WireError::chunk);
    ++step.consumed;
  }
  return step;
}

bool ChunkDecoder::take(char c) {
  switch (state_) {
    case State::size_first:
      remaining_ = 0;
      digits_ = 0;
      line_ = 0;
      if (hex_value(c) < 0) return false;
      state_ = State::size;
      [[fallthrough]];
    case State::size:
      if (const int value = hex_value(c); value >= 0) {
        remaining_ = remaining_ * 16 + static_cast<unsigned>(value);
        return ++digits_ <= max_digits;
      }
      if (c == ';') {
        state_ = State::extension;
        return true;
      }
      state_ = State::size_lf;
      return c == '\r';
    case State::extension:
      if (c == '\r') {
        state_ = State::size_lf;
        return true;
      }
      return field_byte(c) && ++line_ <= max_size_line;
    case State::size_lf:
      line_ = 0;
      state_ = remaining_ == 0 ? State::trailer_start : State::data;
      return c == '\n';
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r';
    case State::data_lf:
      state_ = State::size_first;
      return c == '\n';
    case State::trailer_start:
      if (c == '\r') {
        state_ = State::end_lf;
        return true;
      }
      state_ = State::trailer;
      [[fallthrough]];
    case State::trailer:
      if (c == '\r') {
        state_ = State::trailer_lf;
        return true;
      }
      return field_byte(c) && ++line_ <= max_trailers;
    case State::trailer_lf:
      state_ = State::trailer_start;
      return c == '\n';
    case State::end_lf:
      state_ = State::done;
      return c == '\n';
    case State::data:
    case State::done:
      break;
  }
  return false;
}

void append_chunk_size(std::string& out, std::size_t size) {
  char digits[2 * sizeof size];
  const auto end = std::to_chars(digits, digits + sizeof digits, size, 16).ptr;
  out.append(digits, end);
  out += "\r\n";
}

}  // namespace vestibule::http
