#pragma once

#include <string_view>

#include "http/headers.h"

namespace vestibule::http {

/// Whether a request's Accept field (RFC 9110 section 12.5.1) asks for `special` rather than
/// `usual`: it names `special` itself (a range such as `*/*` does not), with a weight that is not
/// zero and not below that of `usual`. Several fields count as one; what is malformed in them is
/// passed over.
bool prefers(const HeaderList& headers, std::string_view special, std::string_view usual);

}  // namespace vestibule::http
