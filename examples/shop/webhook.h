#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "cart.h"
#include "signature.h"
#include "store.h"

namespace vestibule::shop {

/// What is answered to Vestibule: a status and a JSON body.
struct WebhookAnswer {
  int status = 200;
  std::string body;
  bool operator==(const WebhookAnswer&) const = default;
};

/// The only place in the shop that knows that a `sub` can end: merged into another one, or dropped.
/// Vestibule delivers at least once and keeps the order per user; each delivery is taken in one
/// transaction, and answered 200 only after that transaction is on disk.
class WebhookReceiver {
 public:
  struct Options {
    std::vector<base::Secret> secrets;
    MergeRule cart_rule = MergeRule::sum;
    /// While this file is there every delivery is answered 503 (the shop "is being maintained"), to
    /// show that Vestibule then keeps the guest and comes back. Empty: never.
    std::filesystem::path maintenance_file;
  };
  WebhookReceiver(Store& store, Options options, const base::Clock& clock);

  /// 401 for a signature that does not fit, 400 for a body that is not an event, 409 for a merge
  /// that cannot be taken, 503 under maintenance; else 200, for a merge with its `merge_id` as the
  /// acknowledgement. A delivery seen before is answered as it was then.
  WebhookAnswer receive(const WebhookHeaders& headers, std::string_view body);

 private:
  Store& store_;
  Options options_;
  const base::Clock& clock_;
};

}  // namespace vestibule::shop
