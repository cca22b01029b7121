#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "events/deliveries.h"
#include "http/outgoing.h"
#include "keys/key_ring.h"
#include "store/store.h"

namespace vestibule::provider {

/// What came of one try to tell a client that a session has ended.
enum class LogoutOutcome {
  nothing_to_do,  ///< somebody else was faster, or the client no longer wants to be told
  delivered,
  delayed,  ///< it failed and will be tried again
  dropped,  ///< it failed for the last time
};

std::string_view to_string(LogoutOutcome outcome);

/// 1 s, 2 s, 4 s … up to ten minutes, each shortened at random by up to a half; dropped when it is
/// a day old. By then the client's own session has most likely expired.
inline constexpr events::RetryPolicy logout_retry{.first = base::Milliseconds{1'000},
                                                  .longest = base::Milliseconds{600'000},
                                                  .min_attempts = 1,
                                                  .give_up_after = std::chrono::days(1)};

/// What an attempt needs. The references outlive it; used from several threads.
struct LogoutSender {
  store::Store& store;
  const base::Clock& clock;
  base::Random& random;
  std::string issuer;
  const keys::KeyRing& keys;
  /// Blocks.
  std::function<std::expected<http::OutgoingResponse, http::OutgoingError>(
      const http::OutgoingRequest&)>
      send;
  events::RetryPolicy retry = logout_retry;

  /// Sends one notice (OpenID Connect Back-Channel Logout section 2.5) to where the client wants it
  /// now, with a token made now, and commits what came of it. Throws store::Unavailable if that
  /// could not be committed; the notice is then sent again: at least once.
  LogoutOutcome attempt(std::int64_t notice) const;
};

}  // namespace vestibule::provider
