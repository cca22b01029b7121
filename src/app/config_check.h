#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/config_table.h"

namespace vestibule::app {

/// Tells mistakes in values, each with the place of its key.
class ConfigCheck {
 public:
  ConfigCheck(const ConfigTable& table, std::vector<ConfigMistake>& mistakes)
      : table_(table), mistakes_(mistakes) {}

  void wrong(std::string_view key, const std::string& what);
  /// An absolute http or https URL, or nothing.
  void url(std::string_view key, const std::string& value);
  /// Each in CIDR notation.
  void ranges(std::string_view key, const std::vector<std::string>& values);
  /// HOST:PORT, or nothing.
  std::optional<HostPort> address(std::string_view key, const std::string& value);

 private:
  const ConfigTable& table_;
  std::vector<ConfigMistake>& mistakes_;
};

/// The sections that have a file of their own; the others stand in config.cpp.
void check_tls(const Config& config, ConfigCheck& check);
/// Decides the transport, too, if it was left open.
void check_mail(Config& config, ConfigCheck& check);
void check_outgoing(const Config& config, ConfigCheck& check);
void check_mtls(Config& config, ConfigCheck& check);
void check_zitadel(const Config& config, ConfigCheck& check);
void check_registration(const Config& config, ConfigCheck& check);

}  // namespace vestibule::app
