#include "app/outgoing.h"

#include "app/config_check.h"
#include "http/certificates.h"

namespace vestibule::app {

http::OutgoingOptions outgoing_options(const Config& config) {
  http::OutgoingOptions options;
  options.allowed = http::Cidr::parse_all(config.outgoing.allowed_networks);
  options.ca_file = config.outgoing.ca_file;
  options.total_timeout = std::chrono::seconds(10);
  options.max_response = std::size_t{256} * 1024;
  return options;
}

void check_outgoing(const Config& config, ConfigCheck& check) {
  check.ranges("outgoing.allowed_networks", config.outgoing.allowed_networks);
  if (config.outgoing.ca_file.empty()) return;
  if (const auto readable = http::check_certificates(config.outgoing.ca_file); !readable) {
    check.wrong("outgoing.ca_file", readable.error().message);
  }
}

}  // namespace vestibule::app
