#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "http/exchange.h"
#include "http/headers.h"
#include "http/problem.h"
#include "http/response.h"

namespace vestibule::http {

/// Where an application listens: a host name or address and a port, plain HTTP/1.1.
struct UpstreamAddress {
  std::string host;
  std::uint16_t port = 80;
};

struct UpstreamOptions {
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(30);  ///< of a pooled connection
  std::size_t idle_per_thread = 64;
  std::size_t header_bytes = 64 * 1024;  ///< of an answer
  std::size_t header_count = 200;
};

/// Keep-alive connections to one upstream. Each io thread has its own, kept with its io_context, so
/// that no lock is taken and a connection never outlives its context. May be used from any io
/// thread.
class UpstreamPool {
 public:
  explicit UpstreamPool(UpstreamAddress address, UpstreamOptions options = {});
  ~UpstreamPool();
  UpstreamPool(const UpstreamPool&) = delete;
  UpstreamPool& operator=(const UpstreamPool&) = delete;

  const UpstreamAddress& address() const { return address_; }
  const UpstreamOptions& options() const { return options_; }
  std::uint64_t id() const { return id_; }

 private:
  UpstreamAddress address_;
  UpstreamOptions options_;
  std::uint64_t id_;
};

enum class Upgrades { refused, websocket };

struct ForwardOptions {
  /// The fields of the upstream request: the caller's own list, Host included. Whoever copies the
  /// client's fields calls remove_hop_by_hop on the copy first and adds its own after that, so that
  /// a client's Connection cannot take those away. forward() removes what is left of hop-by-hop
  /// fields all the same, and adds the framing of the body.
  HeaderList headers;
  /// Request target; the client's own if empty.
  std::string target;
  /// `websocket` tunnels a request whose Upgrade is exactly that; any other upgrade is forwarded as
  /// the plain request that it also is. The caller has checked the Origin.
  Upgrades upgrades = Upgrades::refused;
  /// Until the answer's head, counted from the end of the request's body.
  std::chrono::milliseconds response_timeout = std::chrono::seconds(60);
  /// Without a byte while the answer's body comes, or while we send to the upstream.
  std::chrono::milliseconds body_timeout = std::chrono::seconds(60);
  std::chrono::milliseconds tunnel_idle_timeout = std::chrono::minutes(5);
  /// Edits the head before it goes to the client (adds our cookie, takes fields away). Hop-by-hop
  /// fields are gone by then.
  std::function<void(Response& head)> edit_head = {};
  /// The page for bad_gateway and gateway_timeout; plain text if empty.
  std::function<Response(const Problem&)> render_failure = {};
};

/// Sends the request to the upstream and its answer to the client, streaming both. An answer with
/// conflicting framing is 502. A request that met a pooled connection which the upstream had closed
/// is sent once more over a new one if its method is idempotent and nothing of a body was read. A
/// client that goes away cancels the upstream's work.
boost::asio::awaitable<void> forward(Exchange& exchange, const UpstreamPool& pool,
                                     ForwardOptions options);

/// Removes hop-by-hop fields: those that Connection names and the fixed ones (RFC 9110 section
/// 7.6.1, with Keep-Alive, Proxy-Connection, TE, Trailer, Transfer-Encoding and Upgrade).
void remove_hop_by_hop(HeaderList& headers);

}  // namespace vestibule::http
