#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/completion.h"
#include "async/pool.h"
#include "base/clock.h"
#include "http/outgoing.h"
#include "jose/key_set.h"

namespace vestibule::provider {

/// Fetches the document at a URL; nullopt if there is none to be had. Blocks, logs why, and is
/// called from several threads.
using FetchDocument = std::function<std::optional<std::string>(const std::string& url)>;

/// GET of an https URL through the client for other people's servers. The client outlives it.
FetchDocument fetch_json_with(const http::OutgoingClient& client);

/// The key sets at clients' `jwks_uri`, kept for a while. A set is fetched when it is needed:
/// first, when it is older than `fresh`, or when it lacks the key that a JWS names (rotation);
/// never more often than every `pause`, whatever is asked, so that nobody makes this server a
/// nuisance to another. While the other server is down, what it last said holds for `stale`.
/// Thread-safe.
class RemoteKeySets {
 public:
  struct Limits {
    base::Seconds fresh{600};
    base::Seconds stale{24 * 3600};
    base::Seconds pause{30};
    std::size_t capacity = 1000;  ///< sets; beyond, the one that was fetched longest ago is dropped
  };

  RemoteKeySets(FetchDocument fetch, async::CpuPool& pool, const base::Clock& clock)
      : RemoteKeySets(std::move(fetch), pool, clock, Limits{}) {}
  RemoteKeySets(FetchDocument fetch, async::CpuPool& pool, const base::Clock& clock, Limits limits);

  /// The keys at `url`, as new as the limits allow; null if there are none. Fetches on the pool,
  /// once for everybody who waits. `key_id` is the one that is looked for; empty for any.
  boost::asio::awaitable<std::shared_ptr<const jose::KeySet>> load(std::string url,
                                                                   std::string key_id);

 private:
  struct Entry {
    std::shared_ptr<const jose::KeySet> keys = nullptr;
    base::Time fetched_at{};               ///< of `keys`
    std::optional<base::Time> tried_at{};  ///< of the last fetch, good or bad
    bool in_flight = false;
    std::vector<async::Done> waiters = {};
  };
  enum class Step { use, wait, fetch };

  Step next_step(const std::string& url, const std::string& key_id);
  std::shared_ptr<const jose::KeySet> current(const std::string& url);
  void settle(const std::string& url, std::shared_ptr<const jose::KeySet> fetched);
  void wait_for(const std::string& url, async::Done done);
  void make_room();

  const FetchDocument fetch_;
  async::CpuPool& pool_;
  const base::Clock& clock_;
  const Limits limits_;
  std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
};

}  // namespace vestibule::provider
