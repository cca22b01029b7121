// URLs, host:port pairs, durations, addresses and ranges, as configuration and peers write them.
#include "app/config.h"
#include "base/ids.h"
#include "fuzz.h"
#include "http/ip.h"
#include "http/origin.h"
#include "http/request.h"

namespace vestibule::fuzz {
namespace {

void check_url(std::string_view input) {
  const auto url = app::parse_url(input);
  if (!url) return;
  require(url->scheme == "http" || url->scheme == "https", "only http and https");
  require(url->port != 0 && !url->host.empty(), "a host and a port");
  const auto again = app::parse_url(url->origin() + url->path);
  require(again && again->origin() == url->origin() && again->path == url->path &&
              again->host == url->host && again->port == url->port,
          "a URL written again is the same URL");
  const http::HeaderList headers{{"Origin", url->origin()}};
  require(http::check_csrf(headers, url->origin()) == http::CsrfVerdict::allowed,
          "an origin is its own");
}

void check_address(std::string_view input) {
  if (const auto address = http::IpAddress::parse(input)) {
    require(http::IpAddress::parse(address->to_string()) == address, "an address comes back");
    const http::Cidr self{*address, address->is_v4() ? 32U : 128U};
    require(self.contains(*address), "an address is in its own range");
    if (app::is_loopback(address->to_string()))
      require(!http::is_globally_reachable(*address), "loopback is not the internet");
  }
  if (const auto range = http::Cidr::parse(input)) {
    require(range->contains(range->network), "a range contains its network");
  }
  if (const auto pair = app::parse_host_port(input))
    require(!pair->host.empty(), "a host is named");
}

}  // namespace

void run(std::string_view input) {
  check_url(input);
  check_address(input);
  if (const auto length = app::parse_duration(input))
    require(length->count() >= 0, "no time runs backwards");
  if (const auto trace = http::TraceParent::parse(input))
    require(http::TraceParent::parse(trace->to_string()).has_value(), "a trace comes back");
  if (const auto number = base::from_decimal(input))
    require(base::to_decimal(*number) == input, "an id has one spelling");
  if (const auto id = base::Uuid::from_token(input))
    require(id->token() == input, "a session id has one spelling");

  const std::string_view hops[] = {input};
  const auto peer = *http::IpAddress::parse("10.0.0.1");
  const auto trusted = *http::Cidr::parse("10.0.0.0/8");
  const auto client = http::resolve_client(peer, hops, {&trusted, 1});
  require(!client.is_unspecified() || input.find(':') != std::string_view::npos ||
              input.find("0.0.0.0") != std::string_view::npos,
          "a client has an address");
}

}  // namespace vestibule::fuzz
