#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "zitadel/json_reader.h"

// A request described as data: which fields it has, of which JSON types, and what values they may
// take. One reader serves every message and refuses in the words of protobuf's JSON mapping and of
// protoc-gen-validate, which ZITADEL's clients see.
namespace vestibule::zitadel {

struct Message;

/// A field of a message. `name` is the JSON name (lowerCamelCase); the proto name (snake_case),
/// which requests may use too, and the Go name in refusals follow from it.
struct Field {
  enum class Type { text, flag, bytes, uint32, uint64, choice, timestamp, record, unsupported };
  /// protoc-gen-validate checks plain fields first, then oneofs, then optional ones.
  enum class Place { plain, optional, oneof };
  enum class Count { one, many };
  enum class Rule { none, required, email };

  std::string_view name;
  Type type = Type::text;
  Place place = Place::plain;
  Count count = Count::one;
  Rule rule = Rule::none;
  std::size_t shortest = 0;  ///< code points of a text, bytes of bytes
  std::size_t longest = 0;   ///< 0: any length
  std::string_view oneof_name = {};
  const Message* message = nullptr;
  std::span<const std::string_view> choices = {};  ///< names of an enum's numbers from 0

  constexpr Field length(std::size_t least, std::size_t most) const {
    Field f = *this;
    f.shortest = least;
    f.longest = most;
    return f;
  }
  constexpr Field at_most(std::size_t most) const { return length(0, most); }
  constexpr Field optional() const {
    Field f = *this;
    f.place = Place::optional;
    return f;
  }
  constexpr Field one_of(std::string_view which) const {
    Field f = *this;
    f.place = Place::oneof;
    f.oneof_name = which;
    return f;
  }
  constexpr Field repeated() const {
    Field f = *this;
    f.count = Count::many;
    return f;
  }
  constexpr Field required() const {
    Field f = *this;
    f.rule = Rule::required;
    return f;
  }
  constexpr Field email() const {
    Field f = *this;
    f.rule = Rule::email;
    return f;
  }
};

constexpr Field text(std::string_view name) {
  return {.name = name};
}
constexpr Field flag(std::string_view name) {
  return {.name = name, .type = Field::Type::flag};
}
constexpr Field bytes(std::string_view name) {
  return {.name = name, .type = Field::Type::bytes};
}
constexpr Field uint32(std::string_view name) {
  return {.name = name, .type = Field::Type::uint32};
}
constexpr Field uint64(std::string_view name) {
  return {.name = name, .type = Field::Type::uint64};
}
constexpr Field choice(std::string_view name, std::span<const std::string_view> choices) {
  return {.name = name, .type = Field::Type::choice, .choices = choices};
}
constexpr Field timestamp(std::string_view name) {
  return {.name = name, .type = Field::Type::timestamp};
}
constexpr Field record(std::string_view name, const Message& message) {
  return {.name = name, .type = Field::Type::record, .message = &message};
}
/// A field that means something to ZITADEL and that we do not do: refused when it has a value, so
/// that nobody believes that it took effect.
constexpr Field unsupported(std::string_view name) {
  return {.name = name, .type = Field::Type::unsupported};
}

struct Message {
  std::string_view name;  ///< its Go name: `CreateUserRequest_Human`
  std::span<const Field> fields;
  std::string_view required_oneof = {};  ///< Go name; empty: none has to be set
};

/// A decoded message. Asking for a field that its message does not have is a bug and throws.
class Record {
 public:
  explicit Record(const Message& message) : message_(&message) {}

  /// Present in the request; null and absent are the same (protobuf's JSON mapping).
  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::optional<std::string> text(std::string_view name) const;
  /// The text, or empty.
  std::string text_or_empty(std::string_view name) const { return text(name).value_or(""); }
  std::optional<bool> flag(std::string_view name) const;
  std::optional<std::uint64_t> number(std::string_view name) const;
  std::optional<base::Time> time(std::string_view name) const;
  const Record* child(std::string_view name) const;
  const std::deque<Record>& children(std::string_view name) const;
  const std::vector<std::string>& texts(std::string_view name) const;

  /// Sets what stands in a path or a query instead of the body.
  void set_text(std::string_view name, std::string value);
  void add_text(std::string_view name, std::string value);

  const Message& message() const { return *message_; }

 private:
  friend class Decoder;
  friend class Validator;
  using Value = std::variant<std::string, bool, std::uint64_t, base::Time, std::deque<Record>,
                             std::vector<std::string>>;
  const Field& field(std::string_view name) const;
  const Value* find(std::string_view name) const;
  Value& slot(const Field& field);

  const Message* message_;
  std::vector<std::pair<const Field*, Value>> values_;
};

/// Why a JSON value is not that message, and where it stands.
struct DecodeFault {
  enum class Kind { syntax, value, unsupported };
  Kind kind = Kind::value;
  std::size_t offset = 0;
  std::string message;
};
std::expected<Record, DecodeFault> decode(const Message& message, const JsonNode& node);

/// The first broken rule in protoc-gen-validate's order and words, without an end mark: `invalid
/// CreateUserRequest.OrganizationId: value length must be between 1 and 200 runes, inclusive`.
/// nullopt: every value is allowed.
std::optional<std::string> validate(const Record& record);

}  // namespace vestibule::zitadel
