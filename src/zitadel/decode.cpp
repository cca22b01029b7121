#include <algorithm>
#include <charconv>
#include <utility>

#include "base/encoding.h"
#include "zitadel/field_names.h"
#include "zitadel/message.h"
#include "zitadel/timestamp.h"

namespace vestibule::zitadel {
namespace {

std::string_view kind_name(Field::Type type) {
  switch (type) {
    case Field::Type::text:
      return "string";
    case Field::Type::flag:
      return "bool";
    case Field::Type::bytes:
      return "bytes";
    case Field::Type::uint32:
      return "uint32";
    case Field::Type::uint64:
      return "uint64";
    case Field::Type::choice:
      return "enum";
    case Field::Type::timestamp:
    case Field::Type::record:
    case Field::Type::unsupported:
      break;
  }
  return "message";
}

bool is_empty(const JsonNode& node) {
  switch (node.type) {
    case JsonNode::Type::null:
      return true;
    case JsonNode::Type::boolean:
      return node.raw == "false";
    case JsonNode::Type::string:
      return node.text.empty();
    case JsonNode::Type::array:
      return node.items.empty();
    case JsonNode::Type::object:
    case JsonNode::Type::number:
      break;
  }
  return false;
}

// protobuf's JSON mapping reads base64 in either alphabet, with or without padding.
std::optional<std::string> read_bytes(const std::string& text) {
  if (text.find_first_of("-_") == std::string::npos) return base::from_base64(text);
  std::string standard = text;
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  return base::from_base64(standard);
}

template <class Number>
std::optional<std::uint64_t> read_number(std::string_view digits) {
  Number number{};
  const auto* const end = digits.data() + digits.size();
  const auto [last, error] = std::from_chars(digits.data(), end, number);
  if (error != std::errc{} || last != end) return std::nullopt;
  return number;
}

}  // namespace

class Decoder {
 public:
  std::expected<Record, DecodeFault> message(const Message& message, const JsonNode& node) {
    if (node.type != JsonNode::Type::object) return unexpected_token(node);
    Record record(message);
    for (const auto& member : node.members) {
      const auto* const field = find(message, member.name);
      if (field == nullptr) continue;
      if (auto added = add(record, *field, member); !added) {
        return std::unexpected(std::move(added.error()));
      }
    }
    return record;
  }

 private:
  using Done = std::expected<void, DecodeFault>;

  static std::unexpected<DecodeFault> unexpected_token(const JsonNode& node) {
    return std::unexpected(DecodeFault{DecodeFault::Kind::syntax, node.offset,
                                       "unexpected token " + std::string(node.raw)});
  }
  static std::unexpected<DecodeFault> bad_value(const Field& field, const JsonNode& node) {
    return std::unexpected(DecodeFault{DecodeFault::Kind::value, node.offset,
                                       "invalid value for " + std::string(kind_name(field.type)) +
                                           " field " + std::string(field.name) + ": " +
                                           std::string(node.raw)});
  }

  static const Field* find(const Message& message, const std::string& name) {
    const auto found = std::ranges::find_if(message.fields, [&](const Field& field) {
      return field.name == name || proto_name(field.name) == name;
    });
    return found == message.fields.end() ? nullptr : &*found;
  }

  Done add(Record& record, const Field& field, const JsonNode::Member& member) {
    const auto& node = member.value;
    if (node.type == JsonNode::Type::null) return {};
    if (field.type == Field::Type::unsupported) {
      if (is_empty(node)) return {};
      return std::unexpected(DecodeFault{DecodeFault::Kind::unsupported, node.offset,
                                         std::string(field.name) + " is not supported"});
    }
    if (record.has(field.name)) {
      return std::unexpected(DecodeFault{DecodeFault::Kind::value, member.name_offset,
                                         "duplicate field " + std::string(member.raw_name)});
    }
    if (auto alone = check_oneof(record, field, member); !alone) return alone;
    if (field.count == Field::Count::one) return one(record, field, node);
    if (node.type != JsonNode::Type::array) return unexpected_token(node);
    return many(record, field, node);
  }

  static Done check_oneof(const Record& record, const Field& field,
                          const JsonNode::Member& member) {
    if (field.place != Field::Place::oneof) return {};
    for (const auto& [other, value] : record.values_) {
      if (other->place != Field::Place::oneof || other->oneof_name != field.oneof_name) continue;
      return std::unexpected(DecodeFault{DecodeFault::Kind::value, member.name_offset,
                                         "error parsing " + std::string(member.raw_name) +
                                             ", oneof " + std::string(field.oneof_name) +
                                             " is already set"});
    }
    return {};
  }

  Done one(Record& record, const Field& field, const JsonNode& node) {
    switch (field.type) {
      case Field::Type::text:
        if (node.type != JsonNode::Type::string) return bad_value(field, node);
        record.slot(field) = node.text;
        return {};
      case Field::Type::flag:
        if (node.type != JsonNode::Type::boolean) return bad_value(field, node);
        record.slot(field) = node.raw == "true";
        return {};
      case Field::Type::bytes: {
        auto bytes = node.type == JsonNode::Type::string ? read_bytes(node.text) : std::nullopt;
        if (!bytes) return bad_value(field, node);
        record.slot(field) = std::move(*bytes);
        return {};
      }
      case Field::Type::uint32:
      case Field::Type::uint64:
        return number(record, field, node);
      case Field::Type::choice:
        return choose(record, field, node);
      case Field::Type::timestamp:
        return moment(record, field, node);
      case Field::Type::record: {
        auto child = message(*field.message, node);
        if (!child) return std::unexpected(std::move(child.error()));
        std::deque<Record> children;
        children.push_back(std::move(*child));
        record.slot(field) = std::move(children);
        return {};
      }
      case Field::Type::unsupported:
        break;
    }
    return {};
  }

  Done many(Record& record, const Field& field, const JsonNode& node) {
    if (field.type == Field::Type::record) {
      std::deque<Record> children;
      for (const auto& item : node.items) {
        auto child = message(*field.message, item);
        if (!child) return std::unexpected(std::move(child.error()));
        children.push_back(std::move(*child));
      }
      record.slot(field) = std::move(children);
      return {};
    }
    std::vector<std::string> texts;
    for (const auto& item : node.items) {
      if (item.type != JsonNode::Type::string) return bad_value(field, item);
      texts.push_back(item.text);
    }
    record.slot(field) = std::move(texts);
    return {};
  }

  // Numbers may stand as such or as a string (protobuf's JSON mapping).
  static Done number(Record& record, const Field& field, const JsonNode& node) {
    std::optional<std::uint64_t> number;
    if (node.type == JsonNode::Type::number || node.type == JsonNode::Type::string) {
      const auto digits = node.type == JsonNode::Type::number ? node.raw : node.text;
      number = field.type == Field::Type::uint32 ? read_number<std::uint32_t>(digits)
                                                 : read_number<std::uint64_t>(digits);
    }
    if (!number) return bad_value(field, node);
    record.slot(field) = *number;
    return {};
  }

  static Done moment(Record& record, const Field& field, const JsonNode& node) {
    if (node.type != JsonNode::Type::string) return unexpected_token(node);
    const auto time = parse_timestamp(node.text);
    if (!time) {
      return std::unexpected(
          DecodeFault{DecodeFault::Kind::value, node.offset,
                      "invalid google.protobuf.Timestamp value " + std::string(node.raw)});
    }
    record.slot(field) = *time;
    return {};
  }

  static Done choose(Record& record, const Field& field, const JsonNode& node) {
    std::optional<std::uint64_t> chosen;
    if (node.type == JsonNode::Type::string) {
      const auto found = std::ranges::find(field.choices, std::string_view(node.text));
      if (found != field.choices.end()) {
        chosen = static_cast<std::uint64_t>(found - field.choices.begin());
      }
    } else if (node.type == JsonNode::Type::number) {
      chosen = read_number<std::uint32_t>(node.raw);
    }
    if (!chosen) return bad_value(field, node);
    record.slot(field) = *chosen;
    return {};
  }
};

std::expected<Record, DecodeFault> decode(const Message& message, const JsonNode& node) {
  return Decoder().message(message, node);
}

}  // namespace vestibule::zitadel
