#include "app/listeners.h"

#include <spdlog/spdlog.h>

#include <initializer_list>
#include <string>

namespace vestibule::app {
namespace {

/// `tls` is null for a plain listener; an empty address is none.
base::Result<void> bind_address(http::Server& server, std::string& address,
                                const http::ServerTls* tls,
                                std::initializer_list<std::string*> urls) {
  if (address.empty()) return {};
  const std::string scheme = tls == nullptr ? "http://" : "https://";
  const auto derived = scheme + address;
  const auto parsed = parse_host_port(address);
  const auto port = tls == nullptr ? server.listen(parsed->host, parsed->port)
                                   : server.listen_tls(parsed->host, parsed->port, *tls);
  if (!port) return std::unexpected(port.error());
  if (parsed->port == 0) {
    address = address.substr(0, address.rfind(':') + 1) + std::to_string(*port);
  }
  for (auto* const url : urls) {
    if (*url == derived) *url = scheme + address;
  }
  return {};
}

}  // namespace

base::Result<void> bind_listeners(http::Server& server, Config& config,
                                  const http::ServerTls* tls) {
  auto& gateway = config.gateway;
  const std::initializer_list<std::string*> all{&config.public_url, &gateway.public_url,
                                                &gateway.audience};
  const std::initializer_list<std::string*> own{&gateway.public_url, &gateway.audience};
  if (auto bound = bind_address(server, config.listen, nullptr, all); !bound) return bound;
  if (auto bound = bind_address(server, config.tls.listen, tls, all); !bound) return bound;
  if (auto bound = bind_address(server, gateway.listen, nullptr, own); !bound) return bound;
  return bind_address(server, gateway.tls_listen, tls, own);
}

base::Result<std::unique_ptr<http::ServerTls>> load_tls(const Config& config) {
  if (config.tls.listen.empty() && config.gateway.tls_listen.empty()) return nullptr;
  auto tls = http::ServerTls::load({config.tls.certificate, config.tls.key});
  if (tls) spdlog::info("the certificate is valid {}", (*tls)->validity());
  return tls;
}

void reload_tls(http::ServerTls& tls, const Config& fresh) {
  if (const auto loaded = tls.reload({fresh.tls.certificate, fresh.tls.key}); !loaded) {
    spdlog::error("the certificate was not read again, the old one stays: {}",
                  loaded.error().message);
    return;
  }
  spdlog::info("the certificate was read again; it is valid {}", tls.validity());
}

}  // namespace vestibule::app
