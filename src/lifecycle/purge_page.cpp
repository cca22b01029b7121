#include "lifecycle/purge_page.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "lifecycle/purge_runs.h"

namespace vestibule::lifecycle {

PurgePage::PurgePage(const PurgeContext& context, std::int64_t run,
                     std::vector<base::UserId> candidates, base::Time cutoff, int batch)
    : candidates_(std::move(candidates)),
      open_((static_cast<std::ptrdiff_t>(candidates_.size()) + batch - 1) / batch) {
  const auto now = context.clock.now();
  const auto size = static_cast<std::size_t>(batch);
  for (std::span rest(candidates_); !rest.empty();) {
    const auto some = rest.first(std::min(size, rest.size()));
    rest = rest.subspan(some.size());
    submit(context, run, some, cutoff, now);
  }
}

PurgePage::~PurgePage() {
  open_.wait();
}

std::int64_t PurgePage::wait() {
  open_.wait();
  if (trouble_) std::rethrow_exception(trouble_);
  return purged_;
}

void PurgePage::submit(const PurgeContext& context, std::int64_t run,
                       std::span<const base::UserId> some, base::Time cutoff, base::Time now) {
  auto count = std::make_shared<int>(0);
  context.store.submit({[&context, count, run, some, cutoff, now](store::Transaction& tx) {
                          *count = context.step(tx, some, cutoff, now);
                          count_purged(tx, run, *count);
                          return store::Outcome::keep;
                        },
                        [this, count, &context](std::exception_ptr error) {
                          {
                            const std::lock_guard lock(mutex_);
                            if (error) {
                              trouble_ = std::move(error);
                            } else {
                              purged_ += *count;
                              context.statistics.purged += *count;
                            }
                          }
                          open_.count_down();
                        }});
}

}  // namespace vestibule::lifecycle
