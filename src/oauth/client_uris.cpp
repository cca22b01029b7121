#include "oauth/client_uris.h"

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "base/text.h"

namespace vestibule::oauth {
namespace {

constexpr std::size_t longest = 2000;
constexpr std::array<std::string_view, 8> local_schemes = {
    "javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"};

}  // namespace

bool ClientUri::is_loopback() const {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

std::optional<ClientUri> parse_client_uri(std::string_view text) {
  if (text.size() > longest) return std::nullopt;
  const auto parsed = boost::urls::parse_uri(boost::urls::string_view(text.data(), text.size()));
  if (!parsed) return std::nullopt;
  ClientUri uri;
  uri.scheme = base::to_lower_ascii(std::string(parsed->scheme()));
  uri.has_userinfo = parsed->has_userinfo();
  uri.has_fragment = parsed->has_fragment();
  if (!parsed->has_authority()) return uri;
  // RFC 3986 3.2.2 lets names be escaped; no browser writes an origin so. Boost 1.81 reads `a:443b`
  // as port 443 and path `b`.
  const std::string path(parsed->encoded_path());
  if (parsed->encoded_host().contains('%') || (!path.empty() && path.front() != '/')) {
    return std::nullopt;
  }
  uri.host = base::to_lower_ascii(std::string(parsed->host_address()));
  const bool bracketed = parsed->host_type() == boost::urls::host_type::ipv6;
  uri.origin = uri.scheme + "://" + (bracketed ? "[" + uri.host + "]" : uri.host);
  const auto port = parsed->port_number();
  const bool usual = (uri.scheme == "https" && port == 443) || (uri.scheme == "http" && port == 80);
  if (parsed->has_port() && !usual) uri.origin += ":" + std::to_string(port);
  return uri;
}

std::optional<std::string_view> refuse_redirect_uri(std::string_view text,
                                                    std::string_view application_type,
                                                    Registrant registrant) {
  const auto uri = parse_client_uri(text);
  if (!uri) return "is not an absolute URI";
  if (uri->has_fragment) return "has a fragment";
  if (uri->has_userinfo) return "has user information";
  if (std::ranges::find(local_schemes, uri->scheme) != local_schemes.end()) {
    return "has a scheme that leads nowhere";
  }
  const bool web_scheme = uri->scheme == "https" || uri->scheme == "http";
  if (web_scheme && !uri->is_web()) return "has no host";
  if (uri->scheme == "https" || registrant == Registrant::an_operator) return std::nullopt;
  if (application_type != "native") return "has to be https";
  if (uri->scheme == "http") {
    return uri->is_loopback() ? std::nullopt : std::optional<std::string_view>("has to be https");
  }
  if (uri->scheme.find('.') == std::string::npos) {
    return "needs a scheme with a dot, of a domain that is the application's";
  }
  return std::nullopt;
}

}  // namespace vestibule::oauth
