#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace vestibule::http {

/// One answered request, for metrics. The views live only during the call.
struct RequestRecord {
  std::string_view site;
  std::string_view route;   ///< Route name, `fallback`, or `none` (no route, malformed …)
  std::string_view method;  ///< a standard one, or `OTHER`
  int status = 0;           ///< 0 if the client was gone before there was an answer
  std::chrono::microseconds duration{};
};

/// Told about requests and connections, from every io thread at once. Must be quick and not throw.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;
  virtual void request_done(const RequestRecord& record) = 0;
  virtual void connection_opened() {}
  virtual void connection_closed() {}
  /// A connection was refused because the limit is reached.
  virtual void connection_refused() {}
};

}  // namespace vestibule::http
