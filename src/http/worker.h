#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "http/connection_counts.h"
#include "http/server.h"

namespace vestibule::http {

/// What all io threads of a server share.
struct ServerShared {
  ServerOptions options;
  const base::Clock& clock;
  RequestObserver* observer;
  std::vector<Cidr> local_trusted;  ///< trusted_proxies, and whoever may open the local socket

  std::atomic<std::size_t> connections = 0;
  ConnectionCounts per_address;  ///< of those over TCP
  std::mutex mutex;
  std::condition_variable connection_ended;  ///< signalled under `mutex`
};

/// A connection as its worker sees it.
class ConnectionBase {
 public:
  virtual ~ConnectionBase() = default;
  /// Ends now if idle, else with the answer that is being made.
  virtual void drain() = 0;
  /// Ends now.
  virtual void cut() = 0;
};

/// One io thread's state. Everything but the constructor runs on that thread.
class Worker {
 public:
  Worker(ServerShared& shared, std::uint64_t id_seed) : shared_(shared), id_seed_(id_seed) {}

  ServerShared& shared() { return shared_; }
  boost::asio::io_context& context() { return context_; }
  std::unordered_set<ConnectionBase*>& connections() { return connections_; }
  bool draining() const { return draining_; }
  void start_draining() { draining_ = true; }

  /// 13 characters, unique among 2^64 and short enough not to be allocated.
  std::string next_request_id();
  /// The Date field for `now`, made once a second.
  std::string_view date(base::Time now);

 private:
  ServerShared& shared_;
  boost::asio::io_context context_{1};
  std::unordered_set<ConnectionBase*> connections_;
  std::uint64_t id_seed_;
  std::uint64_t id_count_ = 0;
  std::int64_t date_second_ = -1;
  std::string date_;
  bool draining_ = false;
};

}  // namespace vestibule::http
