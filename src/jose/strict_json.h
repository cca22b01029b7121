#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

// Reading untrusted JSON.
namespace vestibule::jose::strict_json {

enum class Fault : std::uint8_t { not_object, duplicate_member };

/// The one JSON object (RFC 8259) that `text` is; nothing may follow it. A member name that occurs
/// twice in any object, however it is escaped, is a fault.
std::expected<boost::json::object, Fault> parse_object(std::string_view text);

/// A member that, if present, must be a string: nullopt for another type, empty if absent.
std::optional<std::string> optional_string(const boost::json::object& object,
                                           std::string_view name);

}  // namespace vestibule::jose::strict_json
