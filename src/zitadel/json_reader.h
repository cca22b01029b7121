#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vestibule::zitadel {

/// One value of a JSON text with the place where it stands, so that a refusal can name line and
/// column as protobuf's JSON reader does. `raw` refers to the text that was read.
struct JsonNode {
  enum class Type { null, boolean, number, string, array, object };
  struct Member;

  Type type = Type::null;
  std::size_t offset = 0;
  std::string_view raw;         ///< a scalar as written; `{` or `[` for the others
  std::string text;             ///< a string, unescaped
  std::vector<JsonNode> items;  ///< of an array
  std::vector<Member> members;  ///< of an object, in order, duplicates included
};

struct JsonNode::Member {
  std::string name;
  std::string_view raw_name;
  std::size_t name_offset = 0;
  JsonNode value;
};

/// Where and why a text is not JSON.
struct JsonFault {
  /// Of invalid_text (not UTF-8, a control character, a bad escape) `token` says what it is.
  enum class Kind { unexpected_end, unexpected_token, invalid_value, invalid_text, too_deep };
  Kind kind = Kind::unexpected_token;
  std::size_t offset = 0;
  std::string token;  ///< what stands there
};

/// Reads exactly one value (RFC 8259) of well-formed UTF-8, at most 64 levels deep.
std::expected<JsonNode, JsonFault> read_json(std::string_view text);

/// Line and column of an offset, both from 1; columns count code points.
struct Position {
  std::size_t line = 1;
  std::size_t column = 1;
};
Position position_of(std::string_view text, std::size_t offset);

}  // namespace vestibule::zitadel
