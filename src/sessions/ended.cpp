#include "sessions/ended.h"

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstring>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace vestibule::sessions {
namespace {

constexpr std::size_t shard_count = 64;

const store::Statement select_ended{"sessions.load_ended",
                                    "select id, ended_at from ended_sessions"};

// The last eight bytes of a version 7 UUID are random, and ids are made by us alone.
std::uint64_t random_part(const base::SessionId& id) {
  std::uint64_t part = 0;
  std::memcpy(&part, id.bytes.data() + 8, sizeof part);
  return part;
}

struct Hash {
  std::size_t operator()(const base::SessionId& id) const noexcept { return random_part(id); }
};

struct alignas(64) Shard {
  mutable std::shared_mutex mutex;
  boost::unordered_flat_map<base::SessionId, std::int64_t, Hash> ended_at;
};

}  // namespace

struct EndedSessions::Shards {
  std::array<Shard, shard_count> all;

  Shard& of(const base::SessionId& id) { return all[id.bytes[15] % shard_count]; }
};

EndedSessions::EndedSessions() : shards_(std::make_unique<Shards>()) {}
EndedSessions::~EndedSessions() = default;

void EndedSessions::load(store::Store& store) {
  store.read([&](store::Transaction& tx) {
    auto rows = tx.query(select_ended);
    while (rows.next()) {
      const std::array id{rows.session_id(0)};
      add(id, rows.time(1));
    }
  });
}

bool EndedSessions::contains(const base::SessionId& id) const {
  const Shard& shard = shards_->of(id);
  const std::shared_lock lock(shard.mutex);
  return shard.ended_at.contains(id);
}

std::optional<base::Time> EndedSessions::find(const base::SessionId& id) const {
  const Shard& shard = shards_->of(id);
  const std::shared_lock lock(shard.mutex);
  const auto found = shard.ended_at.find(id);
  if (found == shard.ended_at.end()) return std::nullopt;
  return base::from_milliseconds(found->second);
}

void EndedSessions::add(std::span<const base::SessionId> ids, base::Time ended_at) {
  for (const auto& id : ids) {
    Shard& shard = shards_->of(id);
    const std::unique_lock lock(shard.mutex);
    shard.ended_at.insert_or_assign(id, base::to_milliseconds(ended_at));
  }
}

void EndedSessions::remove_before(base::Time ended_before) {
  const auto limit = base::to_milliseconds(ended_before);
  for (Shard& shard : shards_->all) {
    const std::unique_lock lock(shard.mutex);
    boost::unordered::erase_if(shard.ended_at,
                               [&](const auto& entry) { return entry.second < limit; });
    shard.ended_at.rehash(0);
  }
}

std::size_t EndedSessions::size() const {
  std::size_t size = 0;
  for (const Shard& shard : shards_->all) {
    const std::shared_lock lock(shard.mutex);
    size += shard.ended_at.size();
  }
  return size;
}

}  // namespace vestibule::sessions
