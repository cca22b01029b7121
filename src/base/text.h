#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vestibule::base {

/// Number of code points of well-formed UTF-8; nullopt if it is not well-formed (RFC 3629).
std::optional<std::size_t> count_code_points(std::string_view text);

/// ASCII letters to lower case; other bytes stay.
std::string to_lower_ascii(std::string_view text);

/// True if a C0 control character or DEL is inside.
bool has_control_character(std::string_view text);

/// Without ASCII white space at both ends.
std::string_view trim(std::string_view text);

/// The non-empty parts between single spaces, as in an OAuth scope (RFC 6749 section 3.3).
std::vector<std::string> split_words(std::string_view text);

/// The key under which an e-mail address is compared: ASCII-lowercased; nullopt unless it is one
/// plausible addr-spec (RFC 5321 section 4.1.2 without quoted strings) of at most 254 bytes.
std::optional<std::string> email_key(std::string_view address);

}  // namespace vestibule::base
