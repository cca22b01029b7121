#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/headers.h"
#include "http/ip.h"

namespace vestibule::http {

/// W3C Trace Context `traceparent`, version 00, as the caller sent it.
struct TraceParent {
  std::string trace_id;   ///< 32 lower-case hexadecimal digits, not all zero
  std::string parent_id;  ///< 16 lower-case hexadecimal digits, not all zero
  std::uint8_t flags = 0;

  static std::optional<TraceParent> parse(std::string_view text);
  std::string to_string() const;
};

enum class Transport { tcp, local_socket };
enum class Version { http_1_0, http_1_1 };

/// Everything about a request but its body. By the time anyone sees one, its framing, its Host and
/// its target have been checked (wire.h).
struct RequestHead {
  std::string method;  ///< as sent; case-sensitive
  std::string target;  ///< origin-form as sent, for an upstream: path, and `?query` if there is one
  std::string path;    ///< decoded once; no NUL, control character, backslash or dot segment, and
                       ///< no slash that was sent encoded
  std::string query;   ///< as sent, without `?`; decode with Form::parse
  Version version = Version::http_1_1;
  HeaderList headers;

  std::string scheme;  ///< `http` or `https`: of the connection, or as a trusted proxy says
  std::string host;    ///< Host in lower case, with port if it has one; empty for HTTP/1.0 without
  Transport transport = Transport::tcp;
  IpAddress peer_address;    ///< of the socket; unspecified on a local socket
  IpAddress client_address;  ///< resolve_client over X-Forwarded-For
  std::string request_id;    ///< made here, unique in this process's life, for logs and answers
  std::optional<TraceParent> trace;
  base::Time received_at;

  std::optional<std::string_view> header(std::string_view name) const { return headers.find(name); }
};

/// A request with its body, as a Handler gets it.
struct Request : RequestHead {
  std::string body;
  /// What `{name}` in the route's pattern matched, decoded.
  std::vector<std::pair<std::string, std::string>> parameters;

  /// The value of `{name}`; throws std::out_of_range if the route has none (a bug of the route).
  const std::string& parameter(std::string_view name) const;
};

/// A media type without parameters in lower case: `application/json; charset=utf-8` gives
/// `application/json`; empty if the field is absent, doubled or malformed.
std::string media_type(const HeaderList& headers);
bool has_media_type(const HeaderList& headers, std::string_view type);

}  // namespace vestibule::http
