#include "jose/claims_writer.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <stdexcept>

namespace vestibule::jose {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if it is ill-formed
// (RFC 3629 section 4). The second byte's range excludes overlong forms and surrogates.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xc2 && lead <= 0xdf   ? 2
                             : lead >= 0xe0 && lead <= 0xef ? 3
                             : lead >= 0xf0 && lead <= 0xf4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      const auto value = static_cast<unsigned char>(c);
      out += "\\u00";
      out += digits[value >> 4];
      out += digits[value & 15];
    }
  }
}

bool is_plain(char c) {
  const auto value = static_cast<unsigned char>(c);
  return value >= 0x20 && value < 0x80 && c != '"' && c != '\\';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && is_plain(text[run])) ++run;
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    if (static_cast<unsigned char>(text[0]) < 0x80) {
      append_escaped(out, text[0]);
      text.remove_prefix(1);
    } else if (const auto length = sequence_length(text)) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
    } else {
      out += "\xef\xbf\xbd";
      text.remove_prefix(1);
    }
  }
  out += '"';
}

ClaimsWriter::ClaimsWriter() {
  out_.reserve(512);
  out_ += '{';
}

void ClaimsWriter::key(std::string_view name) {
  if (out_.back() != '{') out_ += ',';
  append_json_string(out_, name);
  out_ += ':';
}

ClaimsWriter& ClaimsWriter::text(std::string_view name, std::string_view value) {
  key(name);
  append_json_string(out_, value);
  return *this;
}

ClaimsWriter& ClaimsWriter::text_if(std::string_view name, std::string_view value) {
  return value.empty() ? *this : text(name, value);
}

ClaimsWriter& ClaimsWriter::integer(std::string_view name, std::int64_t value) {
  key(name);
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out_.append(digits.data(), end);
  return *this;
}

ClaimsWriter& ClaimsWriter::time(std::string_view name, base::Time value) {
  return integer(name, base::to_seconds(value));
}

ClaimsWriter& ClaimsWriter::boolean(std::string_view name, bool value) {
  key(name);
  out_ += value ? "true" : "false";
  return *this;
}

ClaimsWriter& ClaimsWriter::strings(std::string_view name, std::span<const std::string> values) {
  key(name);
  out_ += '[';
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out_ += ',';
    append_json_string(out_, values[i]);
  }
  out_ += ']';
  return *this;
}

ClaimsWriter& ClaimsWriter::raw(std::string_view name, std::string_view value) {
  key(name);
  out_.append(value);
  return *this;
}

ClaimsWriter& ClaimsWriter::begin_object(std::string_view name) {
  key(name);
  out_ += '{';
  ++depth_;
  return *this;
}

ClaimsWriter& ClaimsWriter::end_object() {
  if (depth_ <= 1) throw std::logic_error("ClaimsWriter: no nested object is open");
  out_ += '}';
  --depth_;
  return *this;
}

std::string ClaimsWriter::finish() && {
  if (depth_ != 1) throw std::logic_error("ClaimsWriter: a nested object is still open");
  out_ += '}';
  return std::move(out_);
}

}  // namespace vestibule::jose
