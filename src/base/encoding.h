#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vestibule::base {

/// RFC 4648 section 5 without padding.
std::string to_base64url(std::string_view bytes);

/// Decodes canonical unpadded base64url only: padding, foreign characters, an impossible length
/// or non-zero trailing bits give nullopt, so that each value has exactly one spelling.
std::optional<std::string> from_base64url(std::string_view text);

/// RFC 4648 section 4 with padding.
std::string to_base64(std::string_view bytes);

/// Decodes the standard alphabet, with or without padding (as protobuf's JSON mapping accepts).
std::optional<std::string> from_base64(std::string_view text);

/// Lower-case hexadecimal.
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view text);

/// application/x-www-form-urlencoded and RFC 3986 percent-encoding of everything but unreserved.
std::string percent_encode(std::string_view text);

/// Percent-decoding; `+` becomes a space when `form` says so. Malformed escapes give nullopt.
enum class PlusMeaning { literal, space };
std::optional<std::string> percent_decode(std::string_view text, PlusMeaning plus);

}  // namespace vestibule::base
