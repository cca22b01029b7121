#pragma once

#include <optional>
#include <string>

#include "gateway/options.h"
#include "http/ip.h"
#include "http/request.h"

namespace vestibule::gateway {

/// The request that a reverse proxy asks about.
struct ForwardedRequest {
  std::string method;
  std::string path;  ///< decoded
  http::IpAddress client;
};

/// Reads it from the one header family that is configured; the other is ignored. nullopt if a field
/// is missing, doubled or malformed, or if the proxy speaks for another origin than
/// `public_origin`. `trusted` are the proxies before this one, for the client's address.
std::optional<ForwardedRequest> read_forwarded(const http::RequestHead& head,
                                               ForwardedFamily family,
                                               std::string_view public_origin,
                                               const std::vector<http::Cidr>& trusted);

/// True if the caller is a proxy that may ask: it shows the shared secret or its address is listed.
bool is_trusted_proxy(const http::RequestHead& head, const ForwardAuthOptions& options);

}  // namespace vestibule::gateway
