#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "jose/key_set.h"

namespace vestibule::shop {

/// Fetches the body of a URL, or says why it could not.
using Fetch = std::function<base::Result<std::string>(const std::string& url)>;

/// The provider's published keys (RFC 7517), fetched when first needed and kept. They are fetched
/// again when they are ten minutes old, and when a token names a key that is not among them (the
/// provider has just begun to sign with a new one), but never more than once in ten seconds, so
/// that made-up key ids cannot turn the shop into a load on the provider. While the provider cannot
/// be reached, keys that are known stay good for a day. Safe from any thread; only threads that
/// need a fetch wait for it.
class Jwks {
 public:
  static constexpr base::Seconds refetch_after{600};
  static constexpr base::Seconds refetch_at_most_every{10};
  static constexpr base::Seconds discard_after{86'400};

  Jwks(std::string url, Fetch fetch, const base::Clock& clock);

  /// A key set that contains `kid` if the provider publishes it; null if there are no keys to judge
  /// by at all, which is `unavailable` and no fault of the token.
  std::shared_ptr<const jose::KeySet> keys_for(std::string_view kid);

 private:
  struct Fetched {
    std::shared_ptr<const jose::KeySet> keys;
    base::Time at{};
  };
  Fetched current();
  void refresh();

  std::string url_;
  Fetch fetch_;
  const base::Clock& clock_;
  std::mutex fetching_;  ///< one fetch at a time; guards attempted_at_
  std::optional<base::Time> attempted_at_;
  std::mutex mutex_;  ///< guards fetched_
  Fetched fetched_;
};

/// A Fetch over HTTP(S): no redirects, three seconds, 256 KiB.
Fetch http_fetch();

}  // namespace vestibule::shop
