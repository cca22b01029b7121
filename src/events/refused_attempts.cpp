#include "events/refused_attempts.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "events/audit.h"

namespace vestibule::events {

void RefusedAttempts::note(base::UserId user, std::string_view outcome, std::string_view address,
                           base::Time now) {
  const std::lock_guard lock(mutex_);
  const bool has_place = users_.contains(user) || users_.size() < most_users;
  auto& gathered =
      users_.try_emplace(has_place ? user : nobody, Gathered{.since = now}).first->second;
  ++gathered.untold;
  gathered.outcome = outcome;
  gathered.address = address;
}

void RefusedAttempts::write(store::Store& store, base::Time now, Which which) {
  std::vector<std::pair<base::UserId, Gathered>> lines;
  {
    const std::lock_guard lock(mutex_);
    for (auto entry = users_.begin(); entry != users_.end();) {
      auto& [user, gathered] = *entry;
      const bool over =
          which == Which::all || now - gathered.since >= window || now < gathered.since;
      if (gathered.untold > 0 && (over || !gathered.told)) {
        lines.emplace_back(user, gathered);
        gathered.told = true;
        gathered.untold = 0;
      }
      entry = over ? users_.erase(entry) : std::next(entry);
    }
  }
  if (lines.empty()) return;
  store.write([&](store::Transaction& tx) {
    for (const auto& [user, gathered] : lines) {
      const auto detail =
          gathered.untold > 1 ? fmt::format("{} attempts", gathered.untold) : std::string();
      record(tx,
             {.type = "user.signed_in",
              .user = user,
              .address = gathered.address,
              .detail = detail,
              .outcome = gathered.outcome},
             now);
    }
  });
}

}  // namespace vestibule::events
