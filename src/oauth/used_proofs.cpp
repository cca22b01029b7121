#include "oauth/used_proofs.h"

#include <cstring>
#include <stdexcept>

namespace vestibule::oauth {

UsedProofs::Verdict UsedProofs::remember(std::string_view use, base::Time good_until,
                                         base::Time now) {
  Digest digest{};
  if (use.size() < sizeof digest) throw std::logic_error("not a digest");
  std::memcpy(digest.data(), use.data(), sizeof digest);
  auto& shard = shards_[digest[1] % shards];
  const std::scoped_lock lock(shard.mutex);
  while (!shard.by_expiry.empty() && shard.by_expiry.top().first <= now) {
    shard.known.erase(shard.by_expiry.top().second);
    shard.by_expiry.pop();
  }
  if (shard.known.contains(digest)) return Verdict::used;
  if (shard.known.size() >= capacity_of_shard_) return Verdict::full;
  shard.known.insert(digest);
  shard.by_expiry.emplace(good_until, digest);
  return Verdict::fresh;
}

}  // namespace vestibule::oauth
