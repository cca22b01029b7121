#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace vestibule::store {

/// Counts values in buckets of powers of two: bucket i holds values below 2^i that fit in no lower
/// bucket; the last bucket holds everything above.
struct Histogram {
  std::array<std::uint64_t, 24> buckets{};
  std::uint64_t count = 0;
  std::uint64_t sum = 0;

  void add(std::uint64_t value) {
    const auto bucket = static_cast<std::size_t>(std::bit_width(value));
    ++buckets[bucket < buckets.size() ? bucket : buckets.size() - 1];
    ++count;
    sum += value;
  }
};

/// What the writer has done since the store was opened, as a snapshot for metrics.
struct Statistics {
  std::uint64_t units_kept = 0;         ///< durable
  std::uint64_t units_rolled_back = 0;  ///< asked for it, or threw
  std::uint64_t units_failed = 0;       ///< their group failed: Unavailable
  std::uint64_t units_refused = 0;      ///< never started: the queue was full or the store closed
  std::uint64_t groups_failed = 0;
  std::uint64_t waiting = 0;      ///< units waiting now
  Histogram group_size;           ///< units in a group
  Histogram group_microseconds;   ///< from the group's begin to its durable commit
  Histogram commit_microseconds;  ///< the commit alone, which is about one fsync
};

}  // namespace vestibule::store
