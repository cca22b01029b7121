#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vestibule::remote {

/// Another server's message, made fit for the log: without control characters, at most 200 bytes,
/// and without any of `hidden` (compared without regard to the case of ASCII letters, also as JSON
/// or a percent-encoded text would spell it), any word with an `@` and anything like a JWT.
std::string conceal(std::string_view message, std::span<const std::string_view> hidden);

}  // namespace vestibule::remote
