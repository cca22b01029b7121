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

struct Ended {
  std::int64_t at = 0;
  Ending ending = Ending::over;
};

struct alignas(64) Shard {
  mutable std::shared_mutex mutex;
  boost::unordered_flat_map<base::SessionId, Ended, Hash> ended;
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
  return shard.ended.contains(id);
}

std::optional<base::Time> EndedSessions::replaced_at(const base::SessionId& id) const {
  const Shard& shard = shards_->of(id);
  const std::shared_lock lock(shard.mutex);
  const auto found = shard.ended.find(id);
  const bool replaced = found != shard.ended.end() && found->second.ending == Ending::replaced;
  return replaced ? std::optional(base::from_milliseconds(found->second.at)) : std::nullopt;
}

void EndedSessions::add(std::span<const base::SessionId> ids, base::Time ended_at, Ending ending) {
  for (const auto& id : ids) {
    Shard& shard = shards_->of(id);
    const std::unique_lock lock(shard.mutex);
    shard.ended.insert_or_assign(id, Ended{base::to_milliseconds(ended_at), ending});
  }
}

void EndedSessions::remove_before(base::Time ended_before) {
  const auto limit = base::to_milliseconds(ended_before);
  for (Shard& shard : shards_->all) {
    const std::unique_lock lock(shard.mutex);
    boost::unordered::erase_if(shard.ended,
                               [&](const auto& entry) { return entry.second.at < limit; });
    shard.ended.rehash(0);
  }
}

std::size_t EndedSessions::size() const {
  std::size_t size = 0;
  for (const Shard& shard : shards_->all) {
    const std::shared_lock lock(shard.mutex);
    size += shard.ended.size();
  }
  return size;
}

}  // namespace vestibule::sessions
