#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "keys/sealer.h"
#include "oauth/authorization_request.h"

namespace vestibule::provider {

/// How long a person may take on the sign-in pages.
inline constexpr base::Milliseconds sign_in_time = std::chrono::hours(1);

/// An authorization request on its way through the sign-in pages, and when it came. It is validated
/// again when it comes back.
struct PendingAuthorization {
  oauth::AuthorizationRequest request;
  base::Time started_at;
  /// Of a pushed request. That one stays in the store, so it is not sealed, and is empty when it is
  /// opened again.
  std::string request_uri = {};
};

/// Sealed, so that the pages need not trust what the browser carries.
std::string seal_pending(const keys::Sealer& sealer, const std::string& issuer,
                         const PendingAuthorization& pending, base::Time now);
/// nullopt for anything that was not sealed here within sign_in_time.
std::optional<PendingAuthorization> open_pending(const keys::Sealer& sealer,
                                                 const std::string& issuer, std::string_view token,
                                                 base::Time now);

}  // namespace vestibule::provider
