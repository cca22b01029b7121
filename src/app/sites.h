#pragma once

#include <string>

#include "app/config.h"
#include "http/router.h"

namespace vestibule::app {

/// The sites of a server and which request belongs to which: by Host, except that health, metrics
/// and bearer calls never look at it (design.md section 4, "Origins").
class Sites {
 public:
  /// One origin for everything, or two: decided by the two public URLs.
  explicit Sites(const Config& config);

  /// The provider's site and the application's; the same one if there is one origin.
  http::Site& provider() { return provider_; }
  http::Site& application() { return separate_ ? application_ : provider_; }
  bool separate() const { return separate_; }

  /// nullptr for a Host that is none of ours.
  const http::Site* select(const http::RequestHead& head) const;

 private:
  bool is_provider(const std::string& host) const;

  bool separate_ = false;
  std::string provider_authority_;
  std::string application_authority_;
  /// With one origin on loopback, the other spelling of it.
  std::string alias_;
  /// The provider's origin for TLS with client certificates; empty if there is none.
  std::string mtls_authority_;
  http::Site provider_;
  http::Site application_;
};

}  // namespace vestibule::app
