#pragma once

#include <string>
#include <string_view>

#include "http/exchange.h"
#include "http/response.h"

namespace vestibule::http {

enum class ConnectionHeader { none, close, upgrade };

/// Appends an answer's head to `out`, the closing empty line included. Its own Content-Length,
/// Transfer-Encoding and Connection are replaced (exchange.h says when not), a Date is added if it
/// has none, and protect_cookies is applied. Throws std::logic_error for a name or value that would
/// break the head: nothing that a caller passes can split an answer.
void append_head(std::string& out, Response& response, BodyFraming framing,
                 ConnectionHeader connection, std::string_view date);

/// IMF-fixdate (RFC 9110 section 5.6.7) of seconds since the epoch.
std::string http_date(std::int64_t seconds);

}  // namespace vestibule::http
