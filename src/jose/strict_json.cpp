#include "jose/strict_json.h"

#include <boost/json/parse.hpp>

namespace vestibule::jose::strict_json {
namespace json = boost::json;
namespace {

constexpr std::size_t max_depth = 16;

// In well-formed JSON each colon outside a string belongs to one member.
std::size_t members_written(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ':') ++count;
    if (text[i] != '"') continue;
    for (++i; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\\') ++i;
    }
  }
  return count;
}

std::size_t members_kept(const json::value& value) {
  std::size_t count = 0;
  if (const auto* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += members_kept(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const auto& element : *array) count += members_kept(element);
  }
  return count;
}

}  // namespace

std::expected<json::object, Fault> parse_object(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = max_depth;
  auto value = json::parse(text, error, {}, options);
  if (error || !value.is_object()) return std::unexpected(Fault::not_object);
  // The parser keeps the last of several members of one name, so a shortfall shows duplicates.
  if (members_kept(value) != members_written(text)) {
    return std::unexpected(Fault::duplicate_member);
  }
  return std::move(value.as_object());
}

std::optional<std::string> optional_string(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return std::string();
  if (const auto* text = value->if_string()) return std::string(text->data(), text->size());
  return std::nullopt;
}

}  // namespace vestibule::jose::strict_json
