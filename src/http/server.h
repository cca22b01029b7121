#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "http/ip.h"
#include "http/observer.h"
#include "http/router.h"

namespace vestibule::http {

struct ServerLimits {
  std::size_t header_bytes = 16 * 1024;  ///< request line and fields together; more is 431
  std::size_t header_count = 100;        ///< more is 431
  std::chrono::milliseconds header_timeout = std::chrono::seconds(10);  ///< from the first byte
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);    ///< between requests
  /// A body may keep us waiting so long in all, plus a second for each `body_rate` bytes received.
  /// Time during which nobody reads (a slow upstream) does not count.
  std::chrono::milliseconds body_grace = std::chrono::seconds(20);
  std::size_t body_rate = 1024;
  std::chrono::milliseconds write_timeout = std::chrono::seconds(30);  ///< without any progress
  /// How long a connection that was refused is read on, so that the refusal reaches the client.
  std::chrono::milliseconds linger = std::chrono::seconds(1);
  std::size_t connections = 10'000;  ///< past these, new ones are closed at once
  /// The same for one address (IPv6: one /64) that is not a trusted proxy's; 0: no other limit.
  std::size_t connections_per_address = 2'000;
};

struct ServerOptions {
  std::size_t threads = 0;  ///< io threads; 0 is one per core
  ServerLimits limits;
  /// Whose X-Forwarded-For and X-Forwarded-Proto are believed. A local socket's peer always is.
  std::vector<Cidr> trusted_proxies;
};

class ServerTls;

/// Chooses by Host (or by whatever else the head says) who answers; nullptr is 421. Must be quick.
using SiteSelector = std::function<const Site*(const RequestHead&)>;

/// An HTTP/1.1 server: one io_context per thread, each with its own acceptor (SO_REUSEPORT).
/// Construct, listen, start, and stop in the end.
class Server {
 public:
  /// The references and whatever the selector returns outlive the server. `observer` may be null.
  Server(ServerOptions options, SiteSelector select, const base::Clock& clock, base::Random& random,
         RequestObserver* observer);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds `host:port` (an address, or `localhost`; port 0 is any free one) for this server's
  /// selector, and returns the port. May be called several times, before start. Errors:
  /// `unavailable` with reason `listen`.
  base::Result<std::uint16_t> listen(const std::string& host, std::uint16_t port);
  /// The same with a selector of its own for this listener.
  base::Result<std::uint16_t> listen(const std::string& host, std::uint16_t port,
                                     SiteSelector select);
  /// The same as the first over TLS, with the scheme https; `tls` outlives the server.
  base::Result<std::uint16_t> listen_tls(const std::string& host, std::uint16_t port,
                                         const ServerTls& tls);
  /// Binds a unix-domain socket with mode 0600. A dead socket file at `path` is replaced; one that
  /// answers, or another kind of file, is an error.
  base::Result<void> listen_local(const std::string& path, SiteSelector select);

  /// Starts the threads and returns.
  void start();
  /// Stops accepting, closes idle connections, lets running requests finish for `grace`, then cuts
  /// the rest, and joins the threads. Returns how many were cut. Idempotent; not from an io thread.
  std::size_t stop(std::chrono::milliseconds grace);

  std::size_t connection_count() const;
  /// The io_context of a thread, for work that belongs there.
  boost::asio::any_io_executor executor(std::size_t thread = 0) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vestibule::http
