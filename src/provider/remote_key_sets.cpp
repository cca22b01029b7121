#include "provider/remote_key_sets.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace vestibule::provider {
namespace {

using Keys = std::shared_ptr<const jose::KeySet>;

Keys parse(const std::optional<std::string>& document) {
  if (!document) return nullptr;
  auto keys = jose::KeySet::from_json(*document);
  if (keys) return std::make_shared<const jose::KeySet>(std::move(*keys));
  spdlog::info("a key set was not understood: {}", keys.error().message);
  return nullptr;
}

}  // namespace

FetchDocument fetch_json_with(const http::OutgoingClient& client) {
  return [&client](const std::string& url) -> std::optional<std::string> {
    // Keys that somebody on the way could replace are nobody's.
    if (!url.starts_with("https://")) {
      spdlog::info("a key set was not fetched: its URL is not https");
      return std::nullopt;
    }
    const http::OutgoingRequest request{
        .url = url,
        .headers = {{"Accept", "application/jwk-set+json, application/json"}},
        .body = {}};
    auto answer = client.send(request);
    if (!answer) {
      spdlog::info("a key set was not fetched: {}", answer.error().detail);
      return std::nullopt;
    }
    if (answer->status != 200) {
      spdlog::info("a key set was not fetched: its server answered {}", answer->status);
      return std::nullopt;
    }
    return std::move(answer->body);
  };
}

RemoteKeySets::RemoteKeySets(FetchDocument fetch, async::CpuPool& pool, const base::Clock& clock,
                             Limits limits)
    : fetch_(std::move(fetch)), pool_(pool), clock_(clock), limits_(limits) {}

boost::asio::awaitable<Keys> RemoteKeySets::load(std::string url, std::string key_id) {
  switch (next_step(url, key_id)) {
    case Step::use:
      break;
    case Step::wait: {
      auto start = [&](async::Done done) { wait_for(url, std::move(done)); };
      co_await async::completion(std::move(start));
      break;
    }
    case Step::fetch: {
      Keys fetched;
      auto work = [&] { fetched = parse(fetch_(url)); };
      try {
        co_await async::run(pool_, std::move(work));
      } catch (...) {
        settle(url, nullptr);
        throw;
      }
      settle(url, std::move(fetched));
      break;
    }
  }
  co_return current(url);
}

RemoteKeySets::Step RemoteKeySets::next_step(const std::string& url, const std::string& key_id) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  if (!entries_.contains(url)) make_room();
  Entry& entry = entries_[url];
  const bool has_key = entry.keys && (key_id.empty() || entry.keys->find(key_id) != nullptr);
  if (has_key && now < entry.fetched_at + limits_.fresh) return Step::use;
  if (entry.in_flight) return Step::wait;
  // A clock that was set back must not keep us from fetching.
  if (entry.tried_at && *entry.tried_at <= now && now < *entry.tried_at + limits_.pause) {
    return Step::use;
  }
  entry.tried_at = now;
  entry.in_flight = true;
  return Step::fetch;
}

Keys RemoteKeySets::current(const std::string& url) {
  const auto now = clock_.now();
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(url);
  if (found == entries_.end() || now >= found->second.fetched_at + limits_.stale) return nullptr;
  return found->second.keys;
}

void RemoteKeySets::settle(const std::string& url, Keys fetched) {
  const auto now = clock_.now();
  std::vector<async::Done> waiters;
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[url];
    entry.in_flight = false;
    waiters = std::exchange(entry.waiters, {});
    if (fetched) {
      entry.keys = std::move(fetched);
      entry.fetched_at = now;
    }
  }
  for (auto& done : waiters) done(nullptr);
}

void RemoteKeySets::wait_for(const std::string& url, async::Done done) {
  {
    const std::lock_guard lock(mutex_);
    if (Entry& entry = entries_[url]; entry.in_flight) {
      entry.waiters.push_back(std::move(done));
      return;
    }
  }
  done(nullptr);
}

/// Called with the lock. An entry that somebody waits for stays.
void RemoteKeySets::make_room() {
  if (entries_.size() < limits_.capacity) return;
  auto oldest = entries_.end();
  for (auto it = entries_.begin(); it != entries_.end(); ++it) {
    if (it->second.in_flight) continue;
    if (oldest == entries_.end() || it->second.tried_at < oldest->second.tried_at) oldest = it;
  }
  if (oldest != entries_.end()) entries_.erase(oldest);
}

}  // namespace vestibule::provider
