#include "mail/encoding.h"

#include <algorithm>

namespace vestibule::mail {
namespace {

constexpr std::size_t longest_line = 998;        // RFC 5322 2.1.1, without CRLF
constexpr std::size_t longest_quoted_line = 76;  // RFC 2045 6.7 (5)
// RFC 2047 2: a word has at most 75 characters, and its line 76, with the field name.
constexpr std::size_t longest_word = 64;
constexpr std::size_t longest_plain_value = 66;  // 78 less the longest field name of ours
constexpr std::string_view word_begin = "=?utf-8?q?";
constexpr std::string_view word_end = "?=";

void append_hex(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out.push_back('=');
  out.push_back(digits[byte >> 4U]);
  out.push_back(digits[byte & 15U]);
}

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Calls `take` with each line of the body, without its end.
template <class Take>
void each_line(std::string_view body, Take take) {
  while (!body.empty()) {
    const auto end = body.find('\n');
    auto line = body.substr(0, end);
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take(line);
  }
}

}  // namespace

bool is_printable_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string encoded_words(std::string_view text) {
  std::string out;
  std::string word{word_begin};
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < text.size() && continues_character(text[length])) ++length;
    std::string encoded;
    for (const char c : text.substr(0, length)) {
      // RFC 2047 5 (3): what may stand in a phrase; the blank has a sign of its own.
      if (is_alphanumeric(c)) {
        encoded.push_back(c);
      } else if (c == ' ') {
        encoded.push_back('_');
      } else {
        append_hex(encoded, c);
      }
    }
    if (word.size() + encoded.size() + word_end.size() > longest_word) {
      out.append(word).append(word_end).append("\r\n ");
      word = word_begin;
    }
    word += encoded;
    text.remove_prefix(length);
  }
  return out.append(word).append(word_end);
}

std::string unstructured(std::string_view text) {
  const bool plain = is_printable_ascii(text) && text.size() <= longest_plain_value &&
                     text.find("=?") == std::string_view::npos;
  return plain ? std::string(text) : encoded_words(text);
}

bool fits_seven_bits(std::string_view body) {
  bool fits = true;
  each_line(body, [&](std::string_view line) {
    fits = fits && line.size() <= longest_line &&
           std::ranges::all_of(line, [](char c) { return c == '\t' || (c >= ' ' && c <= '~'); });
  });
  return fits;
}

std::string with_crlf(std::string_view body) {
  std::string out;
  each_line(body, [&](std::string_view line) { out.append(line).append("\r\n"); });
  return out;
}

std::string quoted_printable(std::string_view body) {
  std::string out;
  each_line(body, [&](std::string_view line) {
    std::size_t column = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
      const char c = line[at];
      const bool last = at + 1 == line.size();
      // RFC 2045 6.7 (3): no blank may end a line.
      const bool literal = (c > ' ' && c <= '~' && c != '=') || (c == ' ' && !last);
      const std::size_t needed = literal ? 1 : 3;
      if (column + needed + (last ? 0 : 1) > longest_quoted_line) {
        out += "=\r\n";
        column = 0;
      }
      if (literal) {
        out.push_back(c);
      } else {
        append_hex(out, c);
      }
      column += needed;
    }
    out += "\r\n";
  });
  return out;
}

}  // namespace vestibule::mail
