#pragma once

#include <string_view>

namespace vestibule::jose {

/// Whether a `typ` header is `accepted`, compared without case and `application/` (RFC 7515 section
/// 4.1.9).
bool is_type(std::string_view typ, std::string_view accepted);

}  // namespace vestibule::jose
