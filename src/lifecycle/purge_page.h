#pragma once

#include <cstdint>
#include <exception>
#include <latch>
#include <mutex>
#include <vector>

#include "lifecycle/purge.h"

namespace vestibule::lifecycle {

/// Candidates on their way through the writer, in several units that it may commit together. What
/// they purge is counted in the row of the run by each unit.
class PurgePage {
 public:
  /// Hands the units over and returns; `batch` candidates each.
  PurgePage(const PurgeContext& context, std::int64_t run, std::vector<base::UserId> candidates,
            base::Time cutoff, int batch);
  /// Waits for what is under way.
  ~PurgePage();
  PurgePage(const PurgePage&) = delete;
  PurgePage& operator=(const PurgePage&) = delete;

  /// Waits until all is durable; how many were purged. Throws what a unit threw.
  std::int64_t wait();

 private:
  void submit(const PurgeContext& context, std::int64_t run, std::span<const base::UserId> some,
              base::Time cutoff, base::Time now);

  const std::vector<base::UserId> candidates_;
  std::latch open_;
  std::mutex mutex_;
  std::int64_t purged_ = 0;
  std::exception_ptr trouble_;
};

}  // namespace vestibule::lifecycle
