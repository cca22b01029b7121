#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <queue>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace vestibule::oauth {

/// The proofs that this process has accepted and could still be asked to accept again. In memory:
/// another node does not know them, so over several nodes a proof is good once at each, for as long
/// as its own lifetime says. Bounded; thread-safe.
class UsedProofs {
 public:
  enum class Verdict : std::uint8_t {
    fresh,
    used,
    full,  ///< nothing can be remembered now, so nothing may be accepted
  };

  /// About 80 bytes each, so 80 MB at the most.
  explicit UsedProofs(std::size_t capacity = std::size_t{1} << 20)
      : capacity_of_shard_((capacity + shards - 1) / shards) {}

  /// Remembers `use` until `good_until`; fresh only the first time. `use` is a digest.
  Verdict remember(std::string_view use, base::Time good_until, base::Time now);

 private:
  static constexpr std::size_t shards = 16;
  using Digest = std::array<std::uint64_t, 2>;
  struct Hash {
    std::size_t operator()(const Digest& digest) const { return digest[0]; }
  };
  using Expiry = std::pair<base::Time, Digest>;
  struct Shard {
    std::mutex mutex;
    std::unordered_set<Digest, Hash> known;
    std::priority_queue<Expiry, std::vector<Expiry>, std::greater<>> by_expiry;
  };

  std::size_t capacity_of_shard_;
  std::array<Shard, shards> shards_;
};

}  // namespace vestibule::oauth
