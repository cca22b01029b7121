#pragma once

#include <string_view>

#include "http/headers.h"

namespace vestibule::http {

enum class CsrfVerdict { allowed, refused };

/// Whether a state-changing browser call may go on (design section 4, Cross-site requests): it
/// needs `Sec-Fetch-Site: same-origin`; if that is absent, an Origin equal to `public_origin`; if
/// both are absent, `X-Vestibule-CSRF: 1`. A doubled field is refused. Ask before anything else.
/// `public_origin` is `scheme://host[:port]` from configuration.
CsrfVerdict check_csrf(const HeaderList& headers, std::string_view public_origin);

/// True if a page of another origin, or the address bar, caused the request: Sec-Fetch-Site is
/// there and not `same-origin`, or Origin is there and not `public_origin` (`null` is foreign).
/// Such a request never provisions and never sets or clears a cookie.
bool is_cross_site(const HeaderList& headers, std::string_view public_origin);

}  // namespace vestibule::http
