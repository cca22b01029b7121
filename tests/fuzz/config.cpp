// Any file is either a configuration or a list of mistakes that name their place.
#include "app/config.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

namespace vestibule::fuzz {

void run(std::string_view input) {
  static const int file = ::memfd_create("vestibule.toml", 0);
  require(file >= 0 && ::ftruncate(file, 0) == 0, "a file in memory");
  require(::pwrite(file, input.data(), input.size(), 0) == static_cast<ssize_t>(input.size()),
          "a file in memory is written");
  const auto loaded = app::load_config("/proc/self/fd/" + std::to_string(file), {});
  for (const auto& mistake : loaded.mistakes)
    require(!mistake.where.empty() && !mistake.what.empty(), "a mistake has a place and a reason");
  if (!loaded.mistakes.empty()) return;
  const auto& config = loaded.config;
  require(
      app::parse_host_port(config.listen.empty() ? config.tls.listen : config.listen).has_value(),
      "a listening address");
  require(app::parse_url(config.public_url).has_value(), "an issuer");
  require(app::parse_url(config.gateway.public_url).has_value(), "an application");
  require(config.gateway.upstream.empty() || app::parse_url(config.gateway.upstream).has_value(),
          "an upstream");
  require(config.purge.retention >= base::Seconds{60} && config.purge.max_share <= 1.0,
          "a purge that is not a mistake");
}

}  // namespace vestibule::fuzz
