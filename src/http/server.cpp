#include "http/server.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstring>
#include <limits>
#include <list>
#include <semaphore>
#include <thread>

#include "http/connection.h"
#include "http/tls_connection.h"
#include "http/worker.h"

namespace vestibule::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

namespace {

constexpr std::chrono::milliseconds accept_retry{100};
constexpr std::chrono::seconds after_cut{5};

std::unexpected<base::Error> listen_error(const std::string& where, const std::string& why) {
  return base::fail(base::ErrorKind::unavailable, "listen",
                    fmt::format("cannot listen on {}: {}", where, why));
}

base::Result<tcp::endpoint> endpoint_of(const std::string& host, std::uint16_t port) {
  ErrorCode error;
  auto text = host == "localhost" ? std::string("127.0.0.1") : host;
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const auto address = asio::ip::make_address(text, error);
  if (error) return listen_error(host, "not an address");
  return tcp::endpoint(address, port);
}

enum class Sharing { exclusive, reuse_port };

std::expected<tcp::acceptor, ErrorCode> open_acceptor(asio::io_context& context,
                                                      const tcp::endpoint& endpoint,
                                                      Sharing sharing) {
  ErrorCode error;
  tcp::acceptor acceptor(context);
  const auto step = [&](auto&& action) {
    if (!error) action();
  };
  step([&] { acceptor.open(endpoint.protocol(), error); });
  step([&] { acceptor.set_option(tcp::acceptor::reuse_address(true), error); });
  if (sharing == Sharing::reuse_port) step([&] { acceptor.set_option(ReusePort(true), error); });
  step([&] { acceptor.bind(endpoint, error); });
  step([&] { acceptor.listen(asio::socket_base::max_listen_connections, error); });
  if (error) return std::unexpected(error);
  return acceptor;
}

/// Removes the socket file of a server that is gone. False if something lives at `path`.
bool remove_dead_socket(asio::io_context& context, const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return errno == ENOENT;
  if (!S_ISSOCK(status.st_mode)) return false;
  Local::socket probe(context);
  ErrorCode error;
  probe.connect(Local::endpoint(path), error);
  if (error != asio::error::connection_refused) return false;
  return ::unlink(path.c_str()) == 0;
}

}  // namespace

struct Server::Impl {
  struct TcpListener {
    Worker& worker;
    tcp::acceptor acceptor;
    const SiteSelector* select;
    const ServerTls* tls;  ///< null: plain
  };
  struct LocalListener {
    Local::acceptor acceptor;
    const SiteSelector* select;
    std::string path;
  };

  ServerShared shared;
  SiteSelector select;
  std::list<SiteSelector> selectors;
  std::vector<std::unique_ptr<Worker>> workers;
  std::list<TcpListener> tcp_listeners;
  std::list<LocalListener> local_listeners;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards;
  std::vector<std::thread> threads;
  std::size_t next_worker = 0;

  Impl(ServerOptions options, SiteSelector choose, const base::Clock& clock, base::Random& random,
       RequestObserver* observer)
      : shared{std::move(options), clock, observer, {}, {}, {}, {}, {}}, select(std::move(choose)) {
    shared.local_trusted = shared.options.trusted_proxies;
    shared.local_trusted.push_back(Cidr{IpAddress{}, 128});
    auto count = shared.options.threads;
    if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < count; ++i) {
      std::uint64_t seed = 0;
      const auto bytes = base::random_bytes(random, sizeof seed);
      std::memcpy(&seed, bytes.data(), sizeof seed);
      workers.push_back(std::make_unique<Worker>(shared, seed));
    }
  }

  ~Impl() {
    for (const auto& listener : local_listeners) {
      if (listener.acceptor.is_open()) ::unlink(listener.path.c_str());
    }
  }

  base::Result<std::uint16_t> listen(const std::string& host, std::uint16_t port,
                                     const SiteSelector& chosen, const ServerTls* tls = nullptr) {
    auto endpoint = endpoint_of(host, port);
    if (!endpoint) return std::unexpected(endpoint.error());
    const auto where = fmt::format("{}:{}", host, port);
    if (port != 0) {
      // SO_REUSEPORT would let a second process of ours take half the connections in silence.
      const auto probe = open_acceptor(workers[0]->context(), *endpoint, Sharing::exclusive);
      if (!probe) return listen_error(where, probe.error().message());
    }
    for (const auto& worker : workers) {
      auto acceptor = open_acceptor(worker->context(), *endpoint, Sharing::reuse_port);
      if (!acceptor) return listen_error(where, acceptor.error().message());
      endpoint->port(acceptor->local_endpoint().port());
      tcp_listeners.push_back({*worker, std::move(*acceptor), &chosen, tls});
    }
    return endpoint->port();
  }

  base::Result<void> listen_local(const std::string& path, const SiteSelector& chosen) {
    auto& context = workers[0]->context();
    if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
      return listen_error(path, "the path is empty or too long for a socket");
    if (!remove_dead_socket(context, path)) return listen_error(path, "something is there already");
    ErrorCode error;
    Local::acceptor acceptor(context);
    acceptor.open(Local(), error);
    // The mode has to be right before anybody can connect: at bind, not after it.
    const auto mask = ::umask(0177);
    if (!error) acceptor.bind(Local::endpoint(path), error);
    ::umask(mask);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return listen_error(path, error.message());
    local_listeners.push_back({std::move(acceptor), &chosen, path});
    return {};
  }

  /// Takes a place among the permitted connections; false if there is none.
  bool enter() {
    if (shared.connections.fetch_add(1) < shared.options.limits.connections) return true;
    shared.connections.fetch_sub(1);
    if (shared.observer != nullptr) shared.observer->connection_refused();
    return false;
  }

  bool enter_from(const IpAddress& peer) {
    const auto most = shared.options.limits.connections_per_address;
    const bool counted = most != 0 && !contains(shared.options.trusted_proxies, peer);
    if (!enter()) return false;
    if (shared.per_address.enter(peer, counted ? most : std::numeric_limits<std::size_t>::max()))
      return true;
    shared.connections.fetch_sub(1);
    if (shared.observer != nullptr) shared.observer->connection_refused();
    return false;
  }

  static void serve(Worker& worker, PlainStream::Socket socket, Accepted accepted) {
    const auto connection = std::make_shared<Connection<PlainStream>>(
        worker, PlainStream(std::move(socket)), std::move(accepted));
    asio::co_spawn(worker.context(), connection->run(), asio::detached);
  }

  asio::awaitable<void> accept_tcp(TcpListener& listener) {
    asio::steady_timer retry(listener.worker.context());
    while (listener.acceptor.is_open()) {
      ErrorCode error;
      tcp::endpoint peer;
      auto socket = co_await listener.acceptor.async_accept(
          peer, asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || !listener.acceptor.is_open()) co_return;
      if (error) {
        // Out of descriptors, mostly: others will close some.
        spdlog::warn("accept: {}", error.message());
        retry.expires_after(accept_retry);
        co_await retry.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      const auto address = IpAddress::from_sockaddr(*peer.data()).value_or(IpAddress{});
      if (!enter_from(address)) continue;
      socket.set_option(tcp::no_delay(true), error);
      Accepted accepted{listener.select, Transport::tcp, listener.tls == nullptr ? "http" : "https",
                        address};
      PlainStream::Socket generic(std::move(socket));
      if (listener.tls == nullptr) {
        serve(listener.worker, std::move(generic), std::move(accepted));
      } else {
        serve_tls(listener.worker, std::move(generic), *listener.tls, std::move(accepted));
      }
    }
  }

  asio::awaitable<void> accept_local(LocalListener& listener) {
    asio::steady_timer retry(workers[0]->context());
    while (listener.acceptor.is_open()) {
      auto& worker = *workers[next_worker++ % workers.size()];
      ErrorCode error;
      auto socket = co_await listener.acceptor.async_accept(
          worker.context(), asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || !listener.acceptor.is_open()) co_return;
      if (error) {
        spdlog::warn("accept: {}", error.message());
        retry.expires_after(accept_retry);
        co_await retry.async_wait(asio::redirect_error(asio::use_awaitable, error));
        continue;
      }
      if (!enter()) continue;
      auto generic = std::make_shared<PlainStream::Socket>(std::move(socket));
      // A connection belongs to its worker's thread from its first moment.
      asio::post(worker.context(), [&worker, generic, select = listener.select] {
        Accepted accepted{select, Transport::local_socket, "http", {}};
        serve(worker, std::move(*generic), std::move(accepted));
      });
    }
  }

  void start() {
    for (auto& listener : tcp_listeners)
      asio::co_spawn(listener.worker.context(), accept_tcp(listener), asio::detached);
    for (auto& listener : local_listeners)
      asio::co_spawn(workers[0]->context(), accept_local(listener), asio::detached);
    for (const auto& worker : workers) {
      guards.push_back(asio::make_work_guard(worker->context()));
      threads.emplace_back([&context = worker->context()] {
        for (;;) {
          try {
            context.run();
            return;
          } catch (const std::exception& error) {
            spdlog::error("io thread: {}", error.what());
          }
        }
      });
    }
  }

  /// Runs `action` on each io thread and returns when all have, or one has been stuck too long.
  template <class Action>
  void on_every_worker(Action action) {
    const auto done = std::make_shared<std::counting_semaphore<>>(0);
    for (const auto& worker : workers) {
      asio::post(worker->context(), [&w = *worker, action, done] {
        action(w);
        done->release();
      });
    }
    for (std::size_t i = 0; i < workers.size(); ++i) {
      if (!done->try_acquire_for(after_cut)) spdlog::error("an io thread is blocked");
    }
  }

  template <class Action>
  static void for_each_connection(Worker& worker, Action action) {
    const std::vector<ConnectionBase*> all(worker.connections().begin(),
                                           worker.connections().end());
    for (auto* const connection : all) {
      if (worker.connections().contains(connection)) action(*connection);
    }
  }

  /// On the worker's thread.
  void stop_accepting(Worker& worker) {
    ErrorCode ignored;
    for (auto& listener : tcp_listeners) {
      if (&listener.worker == &worker) listener.acceptor.close(ignored);
    }
    if (&worker != workers[0].get()) return;
    for (auto& listener : local_listeners) {
      listener.acceptor.close(ignored);
      ::unlink(listener.path.c_str());
    }
  }

  bool wait_for_end(std::chrono::milliseconds time) {
    std::unique_lock lock(shared.mutex);
    return shared.connection_ended.wait_for(lock, time,
                                            [this] { return shared.connections.load() == 0; });
  }

  std::size_t stop(std::chrono::milliseconds grace) {
    if (threads.empty()) return 0;
    on_every_worker([this](Worker& worker) {
      stop_accepting(worker);
      worker.start_draining();
      for_each_connection(worker, [](ConnectionBase& connection) { connection.drain(); });
    });
    std::size_t cut = 0;
    if (!wait_for_end(grace)) {
      cut = shared.connections.load();
      on_every_worker([](Worker& worker) {
        for_each_connection(worker, [](ConnectionBase& connection) { connection.cut(); });
      });
      wait_for_end(after_cut);
    }
    guards.clear();
    for (const auto& worker : workers) worker->context().stop();
    for (auto& thread : threads) thread.join();
    threads.clear();
    return cut;
  }
};

Server::Server(ServerOptions options, SiteSelector select, const base::Clock& clock,
               base::Random& random, RequestObserver* observer)
    : impl_(
          std::make_unique<Impl>(std::move(options), std::move(select), clock, random, observer)) {}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
}

base::Result<std::uint16_t> Server::listen(const std::string& host, std::uint16_t port) {
  return impl_->listen(host, port, impl_->select);
}

base::Result<std::uint16_t> Server::listen(const std::string& host, std::uint16_t port,
                                           SiteSelector select) {
  impl_->selectors.push_back(std::move(select));
  return impl_->listen(host, port, impl_->selectors.back());
}

base::Result<std::uint16_t> Server::listen_tls(const std::string& host, std::uint16_t port,
                                               const ServerTls& tls) {
  return impl_->listen(host, port, impl_->select, &tls);
}

base::Result<void> Server::listen_local(const std::string& path, SiteSelector select) {
  impl_->selectors.push_back(std::move(select));
  return impl_->listen_local(path, impl_->selectors.back());
}

void Server::start() {
  impl_->start();
}

std::size_t Server::stop(std::chrono::milliseconds grace) {
  return impl_->stop(grace);
}

std::size_t Server::connection_count() const {
  return impl_->shared.connections.load();
}

boost::asio::any_io_executor Server::executor(std::size_t thread) const {
  return impl_->workers.at(thread)->context().get_executor();
}

}  // namespace vestibule::http
