#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "http/ip.h"

namespace vestibule::http {

/// How many connections are open from each address (IPv6: from each /64, which is one subscriber).
/// Thread-safe.
class ConnectionCounts {
 public:
  /// Counts one more of `peer`; false, and nothing is counted, if there are `most` already.
  bool enter(const IpAddress& peer, std::size_t most);
  /// One of `peer` has ended; nothing happens if none was counted.
  void leave(const IpAddress& peer);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> open_;
};

}  // namespace vestibule::http
