#include "zitadel/json_reader.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"

namespace vestibule::zitadel {
namespace {

constexpr int deepest = 64;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](unsigned shift) {
    out += static_cast<char>(0x80U | ((code >> shift) & 0x3fU));
  };
  if (code < 0x80U) {
    out += static_cast<char>(code);
  } else if (code < 0x800U) {
    out += static_cast<char>(0xc0U | (code >> 6U));
    tail(0);
  } else if (code < 0x10000U) {
    out += static_cast<char>(0xe0U | (code >> 12U));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0U | (code >> 18U));
    tail(12);
    tail(6);
    tail(0);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  std::expected<JsonNode, JsonFault> read() {
    if (!base::count_code_points(text_)) {
      return std::unexpected(JsonFault{JsonFault::Kind::invalid_text, 0, "invalid UTF-8"});
    }
    JsonNode root;
    if (value(root, 0)) {
      skip_space();
      if (at_ < text_.size()) fail_here();
    }
    if (fault_) return std::unexpected(std::move(*fault_));
    return root;
  }

 private:
  bool fail(JsonFault::Kind kind, std::size_t offset, std::string token) {
    if (!fault_) fault_ = JsonFault{kind, offset, std::move(token)};
    return false;
  }
  bool fail_here() {
    if (at_ >= text_.size()) return fail(JsonFault::Kind::unexpected_end, at_, {});
    return fail(JsonFault::Kind::unexpected_token, at_, token_at(at_));
  }

  // What a refusal shows: a punctuation mark, or the word or number up to the next one.
  std::string token_at(std::size_t offset) const {
    constexpr std::string_view marks = "{}[]:,";
    constexpr std::size_t longest = 32;
    if (marks.contains(text_[offset])) return std::string(1, text_[offset]);
    const auto end = text_.find_first_of("{}[]:, \t\r\n", offset + 1);
    auto length = std::min(end == std::string_view::npos ? text_.size() - offset : end - offset,
                           text_.size() - offset);
    length = std::min(length, longest);
    // Never half of a character.
    while (length > 1 && offset + length < text_.size() &&
           (static_cast<unsigned char>(text_[offset + length]) & 0xc0U) == 0x80U) {
      --length;
    }
    return std::string(text_.substr(offset, length));
  }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool value(JsonNode& node, int depth) {
    skip_space();
    if (at_ >= text_.size()) return fail_here();
    if (depth > deepest) return fail(JsonFault::Kind::too_deep, at_, {});
    node.offset = at_;
    const char first = text_[at_];
    const bool read = first == '{'                      ? object(node, depth)
                      : first == '['                    ? array(node, depth)
                      : first == '"'                    ? string(node)
                      : first == '-' || is_digit(first) ? number(node)
                                                        : word(node);
    if (read && node.raw.empty()) node.raw = text_.substr(node.offset, at_ - node.offset);
    return read;
  }

  bool object(JsonNode& node, int depth) {
    node.type = JsonNode::Type::object;
    node.raw = text_.substr(at_++, 1);
    if (take('}')) return true;
    do {
      skip_space();
      JsonNode name;
      name.offset = at_;
      if (at_ >= text_.size() || text_[at_] != '"') return fail_here();
      if (!string(name)) return false;
      if (!take(':')) return fail_here();
      auto& member = node.members.emplace_back();
      member.name = std::move(name.text);
      member.raw_name = name.raw;
      member.name_offset = name.offset;
      if (!value(member.value, depth + 1)) return false;
    } while (take(','));
    return take('}') || fail_here();
  }

  bool array(JsonNode& node, int depth) {
    node.type = JsonNode::Type::array;
    node.raw = text_.substr(at_++, 1);
    if (take(']')) return true;
    do {
      if (!value(node.items.emplace_back(), depth + 1)) return false;
    } while (take(','));
    return take(']') || fail_here();
  }

  std::optional<std::uint32_t> hex4() {
    if (text_.size() - at_ < 4) return std::nullopt;
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = text_[at_++];
      const auto digit = is_digit(c)            ? c - '0'
                         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                : -1;
      if (digit < 0) return std::nullopt;
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    return code;
  }

  bool escape(std::string& out) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    if (const auto index = names.find(c); index != std::string_view::npos) {
      out += meanings[index];
      return true;
    }
    if (c != 'u') return false;
    auto code = hex4();
    if (!code || (*code >= 0xdc00U && *code < 0xe000U)) return false;
    if (*code >= 0xd800U && *code < 0xdc00U) {
      if (text_.substr(at_, 2) != "\\u") return false;
      at_ += 2;
      const auto low = hex4();
      if (!low || *low < 0xdc00U || *low >= 0xe000U) return false;
      code = 0x10000U + ((*code - 0xd800U) << 10U) + (*low - 0xdc00U);
    }
    append_utf8(out, *code);
    return true;
  }

  bool string(JsonNode& node) {
    node.type = JsonNode::Type::string;
    const auto start = at_++;
    while (at_ < text_.size() && text_[at_] != '"') {
      const char c = text_[at_++];
      if (static_cast<unsigned char>(c) < 0x20U) {
        return fail(JsonFault::Kind::invalid_text, at_ - 1, "control character in string");
      }
      if (c != '\\') {
        node.text += c;
      } else if (!escape(node.text)) {
        if (at_ >= text_.size()) return fail(JsonFault::Kind::unexpected_end, at_, {});
        return fail(JsonFault::Kind::invalid_text, start, "invalid escape in string");
      }
    }
    if (at_ >= text_.size()) return fail(JsonFault::Kind::unexpected_end, at_, {});
    ++at_;
    node.raw = text_.substr(start, at_ - start);
    return true;
  }

  bool digits() {
    const auto start = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ > start;
  }
  bool number(JsonNode& node) {
    node.type = JsonNode::Type::number;
    const auto start = at_;
    if (text_[at_] == '-') ++at_;
    const bool leading_zero = at_ < text_.size() && text_[at_] == '0';
    if (leading_zero ? (++at_, false) : !digits()) return fail_token(start);
    if (at_ < text_.size() && text_[at_] == '.' && (++at_, !digits())) return fail_token(start);
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (!digits()) return fail_token(start);
    }
    if (at_ < text_.size() && !std::string_view("{}[]:, \t\r\n").contains(text_[at_])) {
      return fail_token(start);
    }
    return true;
  }
  bool fail_token(std::size_t start) {
    return fail(JsonFault::Kind::invalid_value, start, token_at(start));
  }

  bool word(JsonNode& node) {
    for (const std::string_view known : {"true", "false", "null"}) {
      if (!text_.substr(at_).starts_with(known) || token_at(at_) != known) continue;
      node.type = known == "null" ? JsonNode::Type::null : JsonNode::Type::boolean;
      at_ += known.size();
      return true;
    }
    if (std::string_view("}]:,").contains(text_[at_])) return fail_here();
    return fail_token(at_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<JsonFault> fault_;
};

}  // namespace

std::expected<JsonNode, JsonFault> read_json(std::string_view text) {
  return Reader(text).read();
}

Position position_of(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset);
  const auto line = std::ranges::count(before, '\n');
  const auto start = before.rfind('\n');
  const auto column = before.substr(start == std::string_view::npos ? 0 : start + 1);
  const auto continuation = std::ranges::count_if(
      column, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; });
  return {static_cast<std::size_t>(line) + 1,
          column.size() - static_cast<std::size_t>(continuation) + 1};
}

}  // namespace vestibule::zitadel
