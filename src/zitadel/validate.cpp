#include <fmt/format.h>

#include "base/text.h"
#include "zitadel/field_names.h"
#include "zitadel/message.h"

namespace vestibule::zitadel {

class Validator {
 public:
  using Broken = std::optional<std::string>;

  static Broken record(const Record& record) {
    const auto& message = record.message();
    for (const auto& field : message.fields) {
      if (field.place != Field::Place::plain) continue;
      if (auto broken = check(record, field)) return broken;
    }
    if (auto broken = oneofs(record)) return broken;
    for (const auto& field : message.fields) {
      if (field.place != Field::Place::optional || !record.has(field.name)) continue;
      if (auto broken = check(record, field)) return broken;
    }
    return std::nullopt;
  }

 private:
  static std::string rule(const Record& record, const Field& field, std::string_view reason) {
    return fmt::format("invalid {}.{}: {}", record.message().name, go_name(field.name), reason);
  }

  static Broken oneofs(const Record& record) {
    const auto& message = record.message();
    bool is_set = message.required_oneof.empty();
    for (const auto& field : message.fields) {
      if (field.place != Field::Place::oneof || !record.has(field.name)) continue;
      if (field.oneof_name == message.required_oneof) is_set = true;
      if (auto broken = check(record, field)) return broken;
    }
    if (is_set) return std::nullopt;
    return fmt::format("invalid {}.{}: value is required", message.name, message.required_oneof);
  }

  static Broken check(const Record& record, const Field& field) {
    switch (field.type) {
      case Field::Type::text:
        return texts(record, field);
      case Field::Type::bytes:
        return length(record, field, record.text_or_empty(field.name).size(), "bytes");
      case Field::Type::record:
        return records(record, field);
      case Field::Type::choice:
        if (record.number(field.name).value_or(0) >= field.choices.size()) {
          return rule(record, field, "value must be one of the defined enum values");
        }
        return std::nullopt;
      case Field::Type::flag:
      case Field::Type::uint32:
      case Field::Type::uint64:
      case Field::Type::timestamp:
      case Field::Type::unsupported:
        break;
    }
    return std::nullopt;
  }

  static Broken texts(const Record& record, const Field& field) {
    if (field.count == Field::Count::many) {
      std::size_t index = 0;
      for (const auto& text : record.texts(field.name)) {
        const auto runes = base::count_code_points(text).value_or(text.size());
        if (auto broken = length(record, field, runes, "runes", fmt::format("[{}]", index++))) {
          return broken;
        }
      }
      return std::nullopt;
    }
    const auto text = record.text_or_empty(field.name);
    const auto runes = base::count_code_points(text).value_or(text.size());
    if (auto broken = length(record, field, runes, "runes")) return broken;
    if (field.rule == Field::Rule::email && !base::email_key(text)) {
      const auto* const cause = text.find('@') == std::string::npos
                                    ? "mail: missing '@' or angle-addr"
                                    : "mail: the address is malformed or longer than 254 bytes";
      return rule(record, field,
                  fmt::format("value must be a valid email address | caused by: {}", cause));
    }
    return std::nullopt;
  }

  static Broken length(const Record& record, const Field& field, std::size_t length,
                       std::string_view unit, std::string_view index = {}) {
    if (length >= field.shortest && (field.longest == 0 || length <= field.longest)) {
      return std::nullopt;
    }
    const auto reason =
        field.shortest > 0 ? fmt::format("value length must be between {} and {} {}, inclusive",
                                         field.shortest, field.longest, unit)
                           : fmt::format("value length must be at most {} {}", field.longest, unit);
    return fmt::format("invalid {}.{}{}: {}", record.message().name, go_name(field.name), index,
                       reason);
  }

  static Broken records(const Record& record, const Field& field) {
    const auto& children = record.children(field.name);
    if (field.rule == Field::Rule::required && children.empty()) {
      return rule(record, field, "value is required");
    }
    std::size_t index = 0;
    for (const auto& child : children) {
      const auto place =
          field.count == Field::Count::many ? fmt::format("[{}]", index++) : std::string{};
      if (const auto broken = Validator::record(child)) {
        return fmt::format("invalid {}.{}{}: embedded message failed validation | caused by: {}",
                           record.message().name, go_name(field.name), place, *broken);
      }
    }
    return std::nullopt;
  }
};

std::optional<std::string> validate(const Record& record) {
  return Validator::record(record);
}

}  // namespace vestibule::zitadel
