#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/secret.h"
#include "events/webhook_secrets.h"
#include "store/transaction.h"

namespace vestibule::events {

/// An application that is told what happens to users, from the configuration.
struct Application {
  std::string name;                                  ///< stable; rows in the store refer to it
  std::string webhook_url;                           ///< empty: it pulls
  WebhookSecrets webhook_secrets;                    ///< keys of the Standard Webhooks signature
  std::vector<std::string> types;                    ///< event types that it wants; empty: all
  enum class Data { none, held } data = Data::held;  ///< held: merges wait for it
  std::vector<std::string>
      allowed_networks;  ///< CIDRs that its URL may resolve to beside public ones
  std::optional<base::UserId> service_account = {};  ///< may acknowledge by API for it
};

/// Event types of design.md section 7.
inline constexpr std::string_view guest_provisioned = "guest.provisioned";
inline constexpr std::string_view guest_upgraded = "guest.upgraded";
inline constexpr std::string_view guest_merge_requested = "guest.merge_requested";
inline constexpr std::string_view guest_merged = "guest.merged";
inline constexpr std::string_view guest_merge_abandoned = "guest.merge_abandoned";
inline constexpr std::string_view guest_purged = "guest.purged";
inline constexpr std::string_view user_deleted = "user.deleted";

/// Longest body of an event. What is told is short: ids and reasons.
inline constexpr std::size_t longest_event = 64 * 1024;

/// Members of an event's `data`, all strings: {"sub","…"}, {"merge_id","…"} …
using EventData = std::vector<std::pair<std::string_view, std::string>>;

/// Puts events where the dispatcher finds them, in the transaction of the change that they tell.
class Outbox {
 public:
  /// `wake` is called after a commit that added rows due now (any thread; must not block).
  Outbox(std::vector<Application> applications, std::function<void()> wake);

  /// One row for each application that wants the type; none wants it: nothing is written.
  /// Body: {"type","timestamp":RFC 3339,"data":{…}} (Standard Webhooks). guest.merge_requested and
  /// guest.merge_abandoned go to exactly those that hold data, whatever types they named, because
  /// the merge waits for them. A row never becomes due before an older one of the same application
  /// and user. Throws std::length_error for a body above longest_event.
  void add(store::Transaction& tx, std::string_view type, base::UserId user, const EventData& data,
           base::Time now) const;

  /// Takes back the merge requests that wait for an application, because it has acknowledged.
  void withdraw_merge_request(store::Transaction& tx, std::string_view application,
                              base::UserId source) const;

  /// Wakes the dispatcher when this unit has been committed: it has made old rows due.
  void wake_after(store::Transaction& tx) const;

  /// Deletes what is kept for applications that are no longer configured. Returns how many rows.
  std::int64_t forget_unknown_applications(store::Transaction& tx) const;

  /// Names of the applications whose acknowledgement a merge needs.
  std::vector<std::string> holders() const;
  const std::vector<Application>& applications() const { return applications_; }
  const Application* find(std::string_view name) const;

 private:
  std::vector<Application> applications_;
  std::function<void()> wake_;
};

}  // namespace vestibule::events
