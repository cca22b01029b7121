#include "gateway/forwarded_request.h"

#include "base/crypto.h"
#include "base/text.h"
#include "gateway/cookie_names.h"
#include "gateway/rules.h"

namespace vestibule::gateway {

namespace {

std::optional<std::string_view> single(const http::RequestHead& head, std::string_view name) {
  const auto fields = head.headers.find_all(name);
  return fields.size() == 1 ? std::optional(fields.front()) : std::nullopt;
}

/// Absent, or once and equal.
bool absent_or(const http::RequestHead& head, std::string_view name, std::string_view value) {
  const auto fields = head.headers.find_all(name);
  return fields.empty() || (fields.size() == 1 && base::to_lower_ascii(fields.front()) == value);
}

}  // namespace

std::optional<ForwardedRequest> read_forwarded(const http::RequestHead& head,
                                               ForwardedFamily family,
                                               std::string_view public_origin,
                                               const std::vector<http::Cidr>& trusted) {
  const bool x_forwarded = family == ForwardedFamily::x_forwarded;
  const auto method = single(head, x_forwarded ? "X-Forwarded-Method" : "X-Original-Method");
  const auto target = single(head, x_forwarded ? "X-Forwarded-Uri" : "X-Original-URI");
  if (!method || !http::valid_field_name(*method) || !target) return std::nullopt;
  const auto scheme = public_origin.substr(0, public_origin.find(':'));
  if (x_forwarded && (!absent_or(head, "X-Forwarded-Host", authority_of(public_origin)) ||
                      !absent_or(head, "X-Forwarded-Proto", scheme)))
    return std::nullopt;
  auto path = decode_target_path(*target);
  if (!path) return std::nullopt;

  // Whoever may ask is believed about the client's address too.
  auto believed = trusted;
  believed.push_back({head.peer_address, head.peer_address.is_v4() ? 32U : 128U});
  const auto forwarded_for = head.headers.find_all("X-Forwarded-For");
  return ForwardedRequest{std::string(*method), std::move(*path),
                          http::resolve_client(head.peer_address, forwarded_for, believed)};
}

bool is_trusted_proxy(const http::RequestHead& head, const ForwardAuthOptions& options) {
  if (!options.shared_secret.empty()) {
    const auto shown = single(head, "X-Vestibule-Proxy-Secret");
    if (shown && base::equal_in_constant_time(*shown, options.shared_secret.reveal())) return true;
  }
  return http::contains(options.peers, head.peer_address);
}

}  // namespace vestibule::gateway
