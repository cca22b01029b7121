#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "http/headers.h"
#include "http/ip.h"

namespace vestibule::http {

struct OutgoingRequest {
  std::string method = "GET";
  std::string url;
  HeaderList headers;
  std::string body;
};

struct OutgoingResponse {
  int status = 0;
  HeaderList headers;
  std::string body;
};

struct OutgoingError {
  enum class Kind {
    invalid_url,      ///< not http or https, credentials inside, unparsable
    address_refused,  ///< resolved to an address that may not be called
    resolve_failed,
    connect_failed,
    tls_failed,
    timeout,
    too_large,  ///< over max_response
    protocol,   ///< cut off, or not HTTP
  };
  Kind kind = Kind::protocol;
  std::string detail;  ///< for the log: host and cause, never the URL's path or query
};

std::string_view to_string(OutgoingError::Kind kind);

struct OutgoingOptions {
  /// Ranges that may be called although they are not globally reachable: one list per purpose.
  std::vector<Cidr> allowed;
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds total_timeout = std::chrono::seconds(15);
  std::size_t max_response = 1024 * 1024;  ///< of the body; the head is limited to 64 KiB
  std::string ca_file;  ///< PEM certificates trusted besides the system's; empty for none
  std::string user_agent = "vestibule";
};

/// The one client for calls to other people's servers: webhooks, jwks_uri, back-channel logout.
/// The address that is checked is the very one connected to; no redirects, no proxies from the
/// environment, no cookies. Blocking: for worker threads. Safe from any thread.
class OutgoingClient {
 public:
  explicit OutgoingClient(OutgoingOptions options);

  std::expected<OutgoingResponse, OutgoingError> send(const OutgoingRequest& request) const;

 private:
  OutgoingOptions options_;
};

}  // namespace vestibule::http
