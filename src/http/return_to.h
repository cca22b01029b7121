#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vestibule::http {

/// Whether a browser may be sent to `target` after a form or a sign-in: a path of this origin.
/// It starts with exactly one `/`, has no backslash or control character, decodes to a path without
/// dot segments, and does not lie under any of `reserved` (`/guest/v1` covers `/guest/v1` and
/// `/guest/v1/…`, however they are encoded). At most 2,048 bytes.
bool valid_return_to(std::string_view target, std::span<const std::string> reserved);

}  // namespace vestibule::http
