#include "app/config_check.h"
#include "http/server_tls.h"

namespace vestibule::app {

void check_tls(const Config& config, ConfigCheck& check) {
  const auto& tls = config.tls;
  if (tls.listen.empty() && config.gateway.tls_listen.empty()) return;
  if (tls.certificate.empty() || tls.key.empty()) {
    check.wrong(tls.listen.empty() ? "gateway.tls_listen" : "tls.listen",
                "tls.certificate and tls.key are needed");
    return;
  }
  const auto loaded = http::ServerTls::load({tls.certificate, tls.key});
  if (!loaded) {
    check.wrong(loaded.error().reason == "key" ? "tls.key" : "tls.certificate",
                loaded.error().message);
  }
}

}  // namespace vestibule::app
