#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "store/transaction.h"

namespace vestibule::sessions {

/// A client that has to be told that a session has ended. The user may be gone by now, so the row
/// has all that is said.
struct LogoutNotice {
  std::int64_t id = 0;
  base::ClientId client;
  base::SessionId session;
  std::string subject;
  base::Time created_at;
  base::Time due_at;
  int attempts = 0;
};

/// Up to `limit` notices that may be sent now, the longest due first.
std::vector<LogoutNotice> list_due_notices(store::Transaction& tx, base::Time now, int limit);
/// When the next one that is not due yet will be.
std::optional<base::Time> find_next_notice(store::Transaction& tx, base::Time now);
std::optional<LogoutNotice> find_notice(store::Transaction& tx, std::int64_t id);
/// True while a notice about the session has not been tried once.
bool has_untried_notice(store::Transaction& tx, const base::SessionId& session);
void delay_notice(store::Transaction& tx, std::int64_t id, base::Time due_at);
void delete_notice(store::Transaction& tx, std::int64_t id);

}  // namespace vestibule::sessions
