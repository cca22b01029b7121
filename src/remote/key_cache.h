#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/outgoing.h"
#include "jose/key_set.h"
#include "remote/shared_fetch.h"
#include "remote/zitadel_api.h"

namespace vestibule::remote {

/// The keys that the remote publishes (RFC 7517 section 5), kept for a while. They are fetched when
/// they are needed: first, when they are older than `fresh`, or when the one that a token names is
/// not among them (rotation); never more often than every `pause`. While the remote is down, what
/// it last said holds for `stale`. Thread-safe.
class KeyCache {
 public:
  using Keys = std::shared_ptr<const jose::KeySet>;
  struct Limits {
    base::Seconds fresh{600};
    base::Seconds stale{24 * 3600};
    base::Seconds pause{10};
  };

  /// The client and the clock outlive it.
  KeyCache(std::string url, const http::OutgoingClient& client, const base::Clock& clock)
      : KeyCache(std::move(url), client, clock, Limits{}) {}
  KeyCache(std::string url, const http::OutgoingClient& client, const base::Clock& clock,
           Limits limits);

  /// The keys, with the one named `key_id` if the remote has it; empty for any. Blocks while they
  /// are fetched, once for everybody who waits.
  Called<Keys> load(std::string_view key_id);

 private:
  Called<Keys> fetch() const;
  std::optional<Called<Keys>> known(std::string_view key_id) const;
  void keep(Called<Keys>& fetched);

  const std::string url_;
  const http::OutgoingClient& client_;
  const base::Clock& clock_;
  const Limits limits_;
  SharedFetch<Called<Keys>> fetches_;
  // Touched under its lock only:
  Keys keys_;
  base::Time fetched_at_{};               ///< of `keys_`
  std::optional<base::Time> tried_at_{};  ///< of the last fetch, good or bad
  Called<Keys> outcome_{};                ///< of that one, as everybody was told
};

}  // namespace vestibule::remote
